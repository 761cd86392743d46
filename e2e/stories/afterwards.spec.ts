// After the secret was handed over: what only the guest can show, the record for one's files, and the next launch.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expectAccessible } from '../access.ts';
import { continueGuest, demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { LyingRelay } from '../malice/lying-relay.ts';
import { protect } from '../vault.ts';
import { expect, start, test } from '../world.ts';

const PASSPHRASE = 'a passphrase that is in no record';

test('A Guest Owner checks and writes the configuration, looks inside, files the record, and launches again like this one', async ({
  page,
  relay,
  folder,
}) => {
  test.setTimeout(120_000);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));

  await page.getByText('Configuration of the host').click();
  await page.getByLabel('Disk image (qcow2), if any').fill('/srv/guest.qcow2');
  const domain = await page.getByRole('textbox', { name: 'libvirt domain', exact: true }).last().inputValue();
  expect(domain).toContain("<source file='/srv/guest.qcow2'/>");
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save: libvirt domain' }).click();
  expect(readFileSync(await (await download).path(), 'utf8')).toBe(domain);

  const audit = page.getByLabel('Or paste it').last();
  await audit.fill(domain);
  await page.getByRole('button', { name: 'Check this configuration' }).click();
  await expect(page.getByText('Nothing was found that speaks against it.')).toBeVisible();
  await audit.fill(
    domain
      .replace('<loader ', '<nvram>/srv/vars.fd</nvram><loader ')
      .replace(/<policy>.*?<\/policy>/, '<policy>0x0</policy>'),
  );
  await page.getByRole('button', { name: 'Check this configuration' }).click();
  await expect(page.getByText('There is a variable store (NVRAM), which is not measured')).toBeVisible();
  await expect(page.getByText("The policy is not your session's, so the launch will fail.")).toBeVisible();
  await expectAccessible(page);

  await launch(page, 'demo', MATCH);
  await page.getByRole('button', { name: 'Ask the host for it' }).click();
  await expect(page.getByText('Whether the host uses what it shows, only the measurement tells.')).toBeVisible();
  await release(page, PASSPHRASE);
  await continueGuest(page);

  await page.getByLabel('The guest says that SEV is active').check();
  await page.getByLabel('Its encrypted disk is open').check();
  await expect(verdict(page)).toHaveText('The guest runs, and you found your secret in it.');
  await expectAccessible(page);

  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save the record' }).click();
  const file = join(folder, 'evidence.json');
  await (await saving).saveAs(file);
  expect(readFileSync(file, 'utf8')).not.toContain(PASSPHRASE);
  const checked = start('dist/cli/main.js', ['evidence', file, '--simulated']);
  await checked.says(/SIMULATED: CONSISTENT, MEASURE NOT CHECKED/);
  expect(checked.output()).toContain('[ok] digest');

  const first = page.url();
  await page.getByRole('button', { name: 'Launch again like this one' }).click();
  await expect(verdict(page)).toHaveText('Choose what may run, and under which policy.');
  expect(page.url()).not.toBe(first);
  await expect(page.getByRole('radio', { name: /^Without SEV-ES/ })).toBeChecked();
  await page.getByRole('button', { name: 'Make the session' }).click();
  await expect(verdict(page)).toHaveText('The session is ready. Launch the guest.');
  await page.goto(first);
  await expect(verdict(page), 'the first one is as it was').toHaveText(
    'The guest runs, and you found your secret in it.',
  );
});

test('A Guest Owner is told that nobody knows whether the secret arrived, and what to do', async ({
  page,
  relay,
  folder,
}) => {
  const liar = await LyingRelay.start(relay);
  await meet(page, liar);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  const error = { code: -32000, message: '', data: { reason: 'RELAY_INJECT_UNKNOWN', next: '' } };
  liar.lies = [{ at: 'guest.inject', swallows: true, tell: () => ({ error }) }];
  await page.getByLabel('Disk passphrase').fill(PASSPHRASE);
  await page.getByRole('button', { name: 'Release the disk key' }).click();
  await expect(verdict(page)).toHaveText('Nobody knows whether the secret arrived.');
  await expect(page.getByRole('button', { name: 'Destroy the guest' })).toBeVisible();
  await expectAccessible(page);
  await page.reload();
  await expect(verdict(page)).toHaveText('Nobody knows whether the secret arrived.');
  liar.lies = [];
  await page.getByRole('button', { name: 'Let it run, and look inside' }).click();
  await expect(verdict(page)).toHaveText('The guest runs. Nobody knows whether it has the secret.');
  await expect(page.getByRole('heading', { name: 'The last check, inside the guest' })).toBeVisible();
  await liar.close();
});

test('A Guest Owner takes the keys out for other tools, and files the record of the launch that is closed for it', async ({
  page,
  relay,
  folder,
}) => {
  test.slow();
  await protect(page);
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);

  const files = new Map<string, string>();
  page.on('download', (download) => {
    const path = join(folder, download.suggestedFilename());
    void download.saveAs(path).then(() => files.set(download.suggestedFilename(), path));
  });
  await page.getByRole('button', { name: "Take the session's keys out for other tools" }).click();
  await expect(page.getByText(/hold the keys in the clear/)).toBeFocused();
  await page.getByRole('button', { name: 'Save the keys in the clear' }).click();
  await expect.poll(() => [...files.keys()].sort()).toEqual(['tek.bin', 'tik.bin']);
  for (const path of files.values()) expect(readFileSync(path)).toHaveLength(16);
  await expect(verdict(page)).toHaveText('This launch was abandoned.');

  // What was verified is told ever after, also where the session is over.
  await page.reload();
  await expect(verdict(page)).toHaveText('This launch was abandoned.');
  await expect(page.getByText(/^Judged on .*, and kept\./)).toBeVisible();
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Save the record' }).click();
  await expect.poll(() => files.size).toBe(3);
  const record = [...files.values()].find((path) => path.endsWith('_evidence.json')) ?? '';
  const checked = start('dist/cli/main.js', ['evidence', record, '--simulated', '--tik', files.get('tik.bin') ?? '']);
  await checked.says(/SIMULATED: RECHECKED/);
});
