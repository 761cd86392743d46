// A configuration of any host, looked through without a launch.
import { expectAccessible } from '../access.ts';
import { verdict } from '../journey.ts';
import { expect, test } from '../world.ts';

const QEMU = [
  'qemu-system-x86_64 -machine q35,confidential-guest-support=sev0,memory-backend=ram',
  '-object memory-backend-memfd,id=ram,size=1G -object sev-guest,id=sev0,cbitpos=47,reduced-phys-bits=1,policy=0x0',
  '-drive if=pflash,format=raw,unit=0,readonly=on,file=OVMF.fd -drive if=pflash,format=raw,unit=1,file=VARS.fd -S',
].join(' ');
const NVRAM = 'There is a variable store (NVRAM), which is not measured';

test('Somebody pastes the configuration of a host, and is told what undermines a launch there', async ({ page }) => {
  await page.goto('/#/more');
  await page.getByRole('link', { name: /^Configuration check/ }).click();
  await expect(verdict(page)).toHaveText('Configuration check');
  await page.getByLabel('Or paste it').fill(QEMU);
  await page.getByRole('button', { name: 'Check this configuration' }).click();
  await expect(page.getByText(NVRAM)).toBeVisible();
  await expect(page.getByText(/\d+ things? needs? attention\./)).toBeVisible();
  await expectAccessible(page);

  // Pasted or dropped anywhere on this screen, it is taken as what it is here for.
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', '<domain type="kvm"><name>plain</name><os><type>hvm</type></os></domain>');
    (document.activeElement as HTMLElement).blur();
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  });
  await expect(
    page.getByText('The guest is not launched under SEV: nothing of it is encrypted or measured.'),
  ).toBeVisible();
  await expect(page.getByText(NVRAM)).toHaveCount(0);

  await page.goto('/#/library');
  await page.evaluate(() => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text', 'no certificate');
    document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
  });
  await expect(page.getByText('BYTES_UNKNOWN'), 'elsewhere it is recognised as ever').toBeVisible();
});
