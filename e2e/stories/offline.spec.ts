// The app after one visit, with its server gone.
import { verdict } from '../journey.ts';
import { expect, start, test } from '../world.ts';

test('The app opens with its server gone and the network off', async ({ page, context }) => {
  const server = start('dist/cli/main.js', ['serve', '--port', '0']);
  const [url] = await server.says(/http:\/\/[\w.-]+:\d+/);
  await page.goto(url);
  await expect(page.getByText('Ready to work offline.')).toBeVisible();
  await server.stop();
  await context.setOffline(true);

  const later = await context.newPage();
  await later.goto(`${url}/#/connect`);
  await expect(verdict(later)).toHaveText('Meet a host');
  await later.goto(`${url}/#/about`);
  await expect(later.getByText('This build')).toBeVisible();
});
