// A stranger on the app's port: while another program holds either loopback address, the command serves nothing there.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, start, test } from '../world.ts';

for (const host of ['127.0.0.1', '::1']) {
  test(`The app is not served where a stranger answers at ${host}`, async ({ page }) => {
    const stranger = createServer((_request, response) => void response.end('<h1>Unlock your keys</h1>'));
    const failed = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      stranger.once('error', resolve);
      stranger.listen(0, host, () => resolve(undefined));
    });
    test.skip(failed !== undefined, `this machine has no ${host}`);
    const { port } = stranger.address() as AddressInfo;
    try {
      const command = start('dist/cli/main.js', ['serve', '--port', String(port)]);
      const code = await new Promise((resolve) => command.process.once('exit', resolve));
      expect(code).not.toBe(0);
      expect(command.output()).toContain('Do not open the app there');
      expect(command.output()).not.toContain('The verifier is at');
      // What a browser would find there is the stranger: so the app has said nothing that leads to it.
      await page.goto(`http://${host === '::1' ? '[::1]' : host}:${port}/`);
      await expect(page.getByRole('heading')).toHaveText('Unlock your keys');
    } finally {
      stranger.closeAllConnections();
      stranger.close();
    }
  });
}
