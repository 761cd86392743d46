// The app in an engine that is not Chromium's: one journey, so that what only Chromium does is seen.
import { join } from 'node:path';
import { demoImage, guestConsole, MATCH } from '../journey.ts';
import { noWebKit, WebKit } from '../webkit.ts';
import { connectTo, expect, test, vectorsFolder } from '../world.ts';

const PASSPHRASE = 'correct horse battery staple';

test('A Guest Owner does the whole of it in WebKit', async ({ app, relay, folder }) => {
  const missing = noWebKit();
  test.skip(missing !== undefined, missing);
  test.setTimeout(150_000);
  const webkit = await WebKit.open();
  try {
    // WebKitGTK asks a name server, which knows no names under .localhost.
    await webkit.go(relay.link.replace('sev-verifier.localhost', 'localhost'));
    await webkit.press(connectTo(relay.link));
    await webkit.says('This platform is simulated. It proves nothing.');
    await webkit.press('Prepare a launch here');
    await webkit.says('Choose what may run, and under which policy.');
    await webkit.choose('Without SEV-ES');
    await webkit.fill('Guest image file', demoImage(folder));
    await webkit.press('Make the session');
    await webkit.says('The session is ready. Launch the guest.');
    await webkit.choose('demo ');
    await webkit.press('Launch the guest, paused');
    await webkit.says(MATCH);
    await webkit.fill('Disk passphrase', PASSPHRASE);
    await webkit.press('Release the disk key');
    await webkit.says('The host says that it took the secret. Let it run.');
    await webkit.press('Continue the guest');
    await webkit.says('The guest is running, on a simulated platform.');
    const [guest = ''] = /demo-\w+/.exec(String(await webkit.run('return document.body.innerText'))) ?? [];
    expect(guestConsole(folder, guest)).toContain(PASSPHRASE);

    if (vectorsFolder) {
      await webkit.go('about:blank');
      await webkit.go(`${app.url.replace('sev-verifier.localhost', 'localhost')}/#/connect`);
      await webkit.fill('Certificates of the platform', join(vectorsFolder, 'certs/naples/full_chain.cert'));
      await webkit.says('This is genuine AMD hardware: Naples (EPYC 7001).');
    }
  } finally {
    await webkit.close();
  }
});
