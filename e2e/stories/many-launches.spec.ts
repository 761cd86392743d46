// Thousands of launches, and one of them is wanted.
import AxeBuilder from '@axe-core/playwright';
import { storeLaunches } from '../many-launches.ts';
import { expect, test } from '../world.ts';

test('A Guest Owner finds one launch among two thousand, by words and by what waits for them', async ({ page }) => {
  await page.goto('/');
  await expect(page.getByText('No launches yet.')).toBeVisible();
  await storeLaunches(page, 2000);
  await page.reload();
  await expect(page.getByText('2,000 launches', { exact: true })).toBeVisible();
  const rows = page.getByRole('list', { name: 'Launches' }).getByRole('listitem');
  await expect(rows.first()).toContainText('guest 1999');
  expect(await rows.count(), 'only what is seen is drawn').toBeLessThan(60);

  await page.getByLabel('Find a launch').fill('RÁCK 7 mismatch 1');
  await expect(page.getByRole('status').filter({ hasText: /^\d+ of 2,000 launches$/ })).toBeVisible();
  await expect(rows.first()).toContainText('Mismatch');

  await page.getByLabel('Find a launch').fill('guest 1234');
  await expect(rows).toHaveCount(1);
  await expect(page.getByText('1 of 2,000 launches')).toBeVisible();

  await page.getByLabel('State').selectOption('Running');
  await expect(page.getByText('No launch is like that.')).toBeVisible();
  await page.getByRole('button', { name: 'Show all launches' }).click();
  await page.getByLabel('State').selectOption('Waiting for you');
  await page.getByLabel('Platform').selectOption('rack 3');
  await expect(page.getByText('50 of 2,000 launches')).toBeVisible();
  await expect(rows.first()).toContainText('guest 1963');

  await page.getByLabel('Platform').selectOption('All platforms');
  await page.getByLabel('State').selectOption('All states');
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => [id, nodes.length])).toEqual([]);

  await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
  await expect(rows.last()).toContainText('guest 0');
  await rows.last().getByRole('link').click();
  await expect(page.getByText('guest 0', { exact: true })).toBeVisible();
});
