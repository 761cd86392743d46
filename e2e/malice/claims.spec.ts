// What a host, a code and a file claim: shown, compared, and never expected unasked.
import { createHash } from 'node:crypto';
import type { Page } from '@playwright/test';
import { encodeMessage, encodeUr } from '../../shared/airgap/index.ts';
import { Sha256Stream } from '../../shared/crypto/sha256-stream.ts';
import { encodeMidstate } from '../../shared/crypto/sha256-midstate.ts';
import { chooseImage, demoImage, meet, verdict } from '../journey.ts';
import { demo, expect, test as base } from '../world.ts';
import { LyingRelay } from './lying-relay.ts';

const test = base.extend<{ liar: LyingRelay }>({
  liar: async ({ relay }, use) => {
    const liar = await LyingRelay.start(relay);
    await use(liar);
    await liar.close();
  },
});

const KERNEL = Buffer.concat([Buffer.alloc(0x202), Buffer.from('HdrS'), Buffer.alloc(2000, 7)]);
const EVIL_LINE = `console=ttyS0 root=/dev/mapper/root ro quiet${' '.repeat(220)}init=/bin/sh`;
const make = (page: Page) => page.getByRole('button', { name: 'Make the session' });
const line = (page: Page) => page.getByLabel('Kernel command line', { exact: true });

test('A relay offers a profile and is followed: nothing of it becomes what is expected', async ({
  page,
  folder,
  liar,
}) => {
  const sha256 = createHash('sha256').update(KERNEL).digest('hex');
  liar.lies = [
    {
      at: 'guest.profiles',
      tell: (truth) => {
        const [offer] = truth as unknown as readonly Record<string, never>[];
        const kernel = { name: 'vmlinuz', size: KERNEL.length, sha256 };
        return { result: [{ ...offer, name: 'web-server', sevEs: false, kernel, cmdline: EVIL_LINE }] };
      },
    },
  ];
  await page.goto(demo('#/library'));
  await page.getByRole('radio', { name: 'Kernel' }).check();
  await page
    .getByLabel('File to add')
    .setInputFiles({ name: 'vmlinuz-6.1.0', mimeType: 'application/octet-stream', buffer: KERNEL });
  await expect(page.getByText('Origin: read on this device')).toBeVisible();
  await meet(page, liar);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await expect(page.getByRole('radio', { name: /^Recommended/ })).toBeChecked();
  await page.getByRole('radio', { name: /^web-server/ }).check();

  const comparison = page.getByRole('region', { name: 'web-server, field by field' });
  await expect(comparison.getByText('without SEV-ES')).toBeVisible();
  // ES, kernel and command line stay the owner's.
  await expect(page.getByRole('radio', { name: /^Recommended/ })).toBeChecked();
  await expect(line(page)).toHaveCount(0);
  // The line of the host is shown whole, and what it opens is named.
  await expect(comparison.getByText('␠×220', { exact: true })).toBeVisible();
  await expect(comparison.getByText('init=/bin/sh', { exact: true })).toBeVisible();
  await expect(comparison.getByText(/init=\/bin\/sh replaces the first program of the guest/)).toBeVisible();

  // The owner presses for a kernel of their own, and ticks what they recognize: what opens the guest cannot be ticked.
  await page.getByRole('checkbox', { name: /^Kernel, initrd and command line are measured/ }).click();
  await comparison.getByRole('button', { name: 'Use vmlinuz-6.1.0 from my library' }).click();
  await expect(comparison.getByRole('checkbox', { name: 'init=/bin/sh' })).toBeDisabled();
  await comparison.getByRole('checkbox', { name: 'quiet' }).check();
  await comparison.getByRole('checkbox', { name: 'ro', exact: true }).check();
  await comparison.getByRole('button', { name: 'Expect the ticked parameters' }).click();
  await expect(line(page)).toHaveValue('ro quiet');
  await chooseImage(page, demoImage(folder));
  await make(page).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await expect(page.getByText('Starts a guest without SEV-ES, which your policy requires')).toBeVisible();
});

test('A code claims a trojan guest image: it is asked about, marked, and decides nothing', async ({
  page,
  folder,
  relay,
}) => {
  const trojan = new Uint8Array(65_536).fill(0xee);
  const stream = new Sha256Stream().update(trojan);
  const ur = encodeUr(
    await encodeMessage({
      ...{ kind: 'reference', name: 'OVMF.amdsev.fd (Debian 12)', role: 'guest-image', size: trojan.length },
      ...{ sha256: stream.digest(), midstate: encodeMidstate(stream.midstate()), imageKind: 'amd-sev' },
      ...{ hashBase: 0x810c00, hashSize: 0x400, secretBase: 0x80c000, secretSize: 0xc00, resetEip: 0x80b004 },
    }),
  );
  await page.goto(demo('#/scan'));
  await page.getByLabel('Or paste its text').fill(ur);
  await page.getByRole('button', { name: 'Use this text' }).click();
  await expect(page.getByRole('heading', { name: 'Someone else says this about a file' })).toBeVisible();
  await page.getByRole('button', { name: 'Keep it as a claim' }).click();
  const item = page.getByRole('listitem').filter({ hasText: 'OVMF.amdsev.fd (Debian 12)' });
  await expect(item.getByText('Origin: claimed by a code, not confirmed')).toBeVisible();
  await expect(item.getByText('Checks kernel hashes')).toHaveCount(0);

  await meet(page, relay);
  await page.getByRole('button', { name: 'Prepare a launch here' }).click();
  await page.getByRole('radio', { name: /^demo / }).check();
  await expect(page.getByText('Guest image file', { exact: true }).first()).toBeVisible();
  const known = page.getByRole('radio', { name: /^OVMF\.amdsev\.fd \(Debian 12\).*claimed by a code, not confirmed/ });
  await expect(known).not.toBeChecked();
  // Once it is chosen, its radio button is gone.
  await known.click();
  await expect(page.getByRole('heading', { name: 'Not confirmed by you' })).toBeVisible();
  await expect(make(page)).toBeDisabled();
  // Confirmed by mistake, it still has to be accepted as what was never read, in so many words.
  await page.getByRole('button', { name: 'Confirm the guest image' }).click();
  await expect(page.getByText('claimed by a code, confirmed by you').first()).toBeVisible();
  await expect(make(page)).toBeDisabled();
  await expect(page.getByRole('checkbox', { name: /^I accept this guest image although/ })).not.toBeChecked();
  await page.getByRole('button', { name: 'Choose another' }).click();
  await chooseImage(page, demoImage(folder));
  await page.getByRole('radio', { name: /^Without SEV-ES/ }).check();
  await expect(make(page)).toBeEnabled();
});
