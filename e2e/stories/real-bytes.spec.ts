// Real certificates, a real QEMU, and another project's tool.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdict } from '../journey.ts';
import { expect, NO_VECTORS, test, vectorsFolder } from '../world.ts';

const dropChain = async (page: import('@playwright/test').Page, url: string, path: string): Promise<void> => {
  await page.goto('about:blank');
  await page.goto(`${url}/#/connect`);
  await page.getByLabel('Certificates of the platform').setInputFiles(path);
};

test('The certificates of a real Naples machine come out as genuine AMD', async ({ page, app }) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  await dropChain(page, app.url, join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  await expect(verdict(page)).toHaveText('This is genuine AMD hardware: Naples (EPYC 7001).');
  await expect(page.getByText('SIMULATED')).toHaveCount(0);
});

/** One byte in each certificate: in its key, its signature, its padding. The link that breaks is the one named. */
const CHANGES: readonly (readonly [offset: number, broken: RegExp])[] = [
  [0x20, /PDH/],
  [2084 + 0x30, /PEK/],
  [2084 + 0x600, /PEK/],
  [2 * 2084 + 0x18, /OCA/],
  [3 * 2084 + 0x420, /CEK/],
  [4 * 2084 + 300, /ASK/],
  [4 * 2084 + 832 + 400, /root|ARK/],
];

test('The same certificates with one byte changed are not genuine, and the broken link is named', async ({
  page,
  app,
  folder,
}) => {
  test.skip(!vectorsFolder, NO_VECTORS);
  const real = readFileSync(join(vectorsFolder!, 'certs/naples/full_chain.cert'));
  for (const [offset, broken] of CHANGES) {
    const changed = Buffer.from(real);
    changed[offset]! ^= 0x40;
    const path = join(folder, `changed-${offset}.cert`);
    writeFileSync(path, changed);
    await dropChain(page, app.url, path);
    await expect(verdict(page), `byte ${offset}`).toHaveText(/^Not genuine/);
    await expect(verdict(page), `byte ${offset}`).toHaveText(broken);
    await expect(page.getByRole('button', { name: 'Prepare a launch here' })).toHaveCount(0);
  }
});
