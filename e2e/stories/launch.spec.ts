// The main job: one guest, from "who is this platform?" to "running, with my secret in it".
import {
  continueGuest,
  demoImage,
  guestConsole,
  launch,
  makeSession,
  MATCH,
  meet,
  release,
  verdict,
} from '../journey.ts';
import { expect, test } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';

test('A Guest Owner releases a disk passphrase into a guest that is the one they meant', async ({
  page,
  relay,
  folder,
}) => {
  await meet(page, relay);
  expect(page.url(), 'the pairing code leaves the address bar').not.toContain(relay.code);

  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await release(page, PASSPHRASE);
  await continueGuest(page);

  const [name] = /demo-\w+/.exec(
    await page
      .getByRole('status')
      .allInnerTexts()
      .then((texts) => texts.join(' ')),
  ) ?? [''];
  expect(guestConsole(folder, name)).toContain(PASSPHRASE);
});

test('A launch survives a reload at every step', async ({ page, relay, folder }) => {
  const reload = async (sentence: string): Promise<void> => {
    await page.reload();
    await expect(verdict(page)).toHaveText(sentence);
  };
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await reload('The session is ready. Launch the guest.');
  await launch(page, 'demo', MATCH);
  await reload(MATCH);
  await release(page, PASSPHRASE);
  await reload('The host says that it took the secret. Let it run.');
  await continueGuest(page);
  await reload('The guest is running, on a simulated platform.');
});
