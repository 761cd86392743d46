// A host that puts another machine behind its relay: it is asked about at each visit until the guest owner has accepted it,
// and the owner that was pinned for the host is expected of the other machine too.
import { join } from 'node:path';
import { meet, verdict } from '../journey.ts';
import { expect, pairByLink, startRelay, test } from '../world.ts';

test('A swapped chip is no less a stranger at the second visit, and sheds no pin', async ({ page, app, folder }) => {
  const first = await startRelay(app.url, ['--simulate', '--state', join(folder, 'first')]);
  await meet(page, first);
  await page.getByText('Expect a certain owner').click();
  await page.getByRole('button', { name: 'Keep to the present owner' }).click();
  await expect(page.getByText('It belongs to the pinned owner, whose key you pinned.')).toBeVisible();
  const platform = page.url();
  await first.stop();

  const { port } = new URL(first.address);
  const swapped = ['--simulate', '--state', join(folder, 'second'), '--listen', `127.0.0.1:${port}`];
  const second = await startRelay(app.url, swapped);
  try {
    for (const _visit of ['second', 'third']) {
      await page.goto('about:blank');
      await pairByLink(page, second.link);
      await expect(verdict(page)).toHaveText('This is not what you knew.');
      await expect(page.getByText('Chip behind this relay')).toBeVisible();
      await page.getByRole('button', { name: 'Keep what I knew' }).click();
      await expect(page).toHaveURL(platform);
    }
    await page.goto('about:blank');
    await pairByLink(page, second.link);
    await page.getByRole('button', { name: 'Accept the other chip' }).click();
    await expect(verdict(page)).toHaveText('Another owner than the one you pinned.');
    await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toHaveCount(0);
  } finally {
    await second.stop();
  }
});
