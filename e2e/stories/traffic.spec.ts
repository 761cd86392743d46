// Where the app's bytes go: to its own server and to the relay that the guest owner chose, and nowhere else.
import { continueGuest, demoImage, launch, makeSession, MATCH, meet, release, verdict } from '../journey.ts';
import { elsewhere, recordedBrowser, withoutPolicy } from '../traffic.ts';
import { demo, expect, test } from '../world.ts';

test("A whole launch reaches the app's own server and the relay that was chosen, and nothing else", async ({
  app,
  relay,
  folder,
}) => {
  const { browser, traffic } = await recordedBrowser(folder);
  const page = await browser.newPage({ baseURL: app.url });
  await page.goto(app.url);
  await expect(page.getByText('Ready to work offline.')).toBeVisible();
  await meet(page, relay);
  await makeSession(page, demoImage(folder));
  await launch(page, 'demo', MATCH);
  await release(page, 'correct horse battery staple');
  await continueGuest(page);
  for (const place of ['platforms', 'library', 'connect', 'courier', 'keys', 'more', 'about']) {
    await page.goto(demo(`#/${place}`));
    await expect(verdict(page)).toBeVisible();
  }
  await page.reload();
  await expect(verdict(page)).toBeVisible();

  const { origins, sockets } = await traffic();
  expect(origins).toEqual([app.url, relay.address].sort());
  const ports = [app.url, relay.address].map((address) => new URL(address).port);
  expect([...new Set(sockets.map((socket) => socket.split(':').at(-1)))].sort()).toEqual(ports.sort());
});

/** What is refused is told by the name of its error; what is not, by “done”. */
const tryOut = (where: { evaluate: Evaluate }, code: string): Promise<string> => where.evaluate(outcomeOf, code);

/** What pages, workers and service workers have in common. */
type Evaluate = (call: (code: string) => Promise<string>, code: string) => Promise<string>;

async function outcomeOf(code: string): Promise<string> {
  const ways: Readonly<Record<string, () => unknown>> = {
    eval: () => (0, eval)('1 + 1') as number,
    WebAssembly: () => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])),
  };
  const [way, to = ''] = code.split(' ');
  // The debugger's own calls are free of the policy; what comes after them is not.
  await new Promise((done) => setTimeout(done));
  try {
    if (way === 'fetch') await fetch(to, { mode: 'no-cors' });
    else if (way === 'import') await import(/* @vite-ignore */ to);
    else if (way === 'WebSocket') {
      await new Promise((resolve, reject) => {
        const socket = new WebSocket(to.replace('http', 'ws'));
        socket.onopen = resolve;
        socket.onerror = () => reject(new TypeError('refused'));
      });
    } else await ways[way!]!();
    return 'done';
  } catch (error) {
    return (error as Error).name;
  }
}

test('No worker reaches another origin or runs text, and only those that read codes or hash files compile', async ({
  app,
  browser,
}) => {
  const other = await elsewhere();
  // A page without any policy starts the workers: what holds is what came with their own scripts.
  const bare = await withoutPolicy(app.url);
  const context = await browser.newContext({ baseURL: bare.url });
  try {
    const page = await context.newPage();
    await page.goto('/bare.html');
    const { files } = (await (await page.request.get('/build.json')).json()) as { files: Record<string, string> };
    const scripts = Object.keys(files).filter((path) => path.includes('.worker-') && path.endsWith('.js'));
    expect(scripts.length).toBeGreaterThan(3);
    for (const script of scripts) {
      const [worker] = await Promise.all([
        page.waitForEvent('worker'),
        page.evaluate((url) => void new Worker(url, { type: 'module' }), script),
      ]);
      // The one that holds the sockets to relays opens nothing else.
      const connects = script.includes('/socket.worker-');
      for (const way of ['fetch', 'import', ...(connects ? [] : ['WebSocket'])])
        expect(await tryOut(worker, `${way} ${other.origin}/`), `${way} of ${script}`).not.toBe('done');
      expect(await tryOut(worker, 'eval'), script).toBe('EvalError');
      const compiles = /\/(scan|digest|kdf)\.worker-/.test(script);
      expect(await tryOut(worker, 'WebAssembly'), script).toBe(compiles ? 'done' : 'CompileError');
    }
    expect(other.connections(), 'nothing of it has left the browser').toBe(0);
    expect(await tryOut(page, `fetch ${other.origin}/`), 'the page without a policy does reach it').toBe('done');
  } finally {
    await context.close();
    await bare.close();
    await other.close();
  }
});

test('The page and its service worker load nothing from elsewhere, and no text becomes a script', async ({
  app,
  browser,
}) => {
  const other = await elsewhere();
  const context = await browser.newContext({ baseURL: app.url });
  try {
    const page = await context.newPage();
    await page.goto('/');
    await expect(page.getByText('Ready to work offline.')).toBeVisible();
    const [serviceWorker] = context.serviceWorkers();
    for (const where of [page, serviceWorker!]) {
      for (const way of ['fetch', 'WebSocket'])
        expect(await tryOut(where, `${way} ${other.origin}/`), way).not.toBe('done');
      expect(await tryOut(where, 'eval')).toBe('EvalError');
      expect(await tryOut(where, 'WebAssembly')).toBe('CompileError');
    }
    expect(await tryOut(serviceWorker!, `WebSocket ${other.origin}/`)).not.toBe('done');
    expect(await page.evaluate(insertMarkup, other.origin)).toEqual(MARKUP_REFUSED);
    // Chromium may open a socket for a frame before it looks at the policy; nothing is asked for over it.
    expect(other.requests()).toBe(0);
  } finally {
    await context.close();
    await other.close();
  }
});

const MARKUP_REFUSED = {
  innerHTML: 'TypeError',
  'script text': 'TypeError',
  'script address': 'TypeError',
  'worker address': 'TypeError',
  'image from elsewhere': 'refused',
  'frame from elsewhere': 'refused',
  'style as text': 'refused',
};

/** Ways by which text or another origin gets into a page. */
async function insertMarkup(origin: string): Promise<Record<string, string>> {
  const refused: Record<string, string> = {};
  await new Promise((done) => setTimeout(done));
  const attempt = (name: string, way: () => unknown): void => {
    try {
      way();
      refused[name] = 'done';
    } catch (error) {
      refused[name] = (error as Error).name;
    }
  };
  attempt('innerHTML', () => (document.createElement('div').innerHTML = '<b>text</b>'));
  attempt('script text', () => (document.createElement('script').text = '1'));
  attempt('script address', () => (document.createElement('script').src = `${origin}/x.js`));
  attempt('worker address', () => new Worker(`${location.origin}/sw.js`));
  const loads = (tag: 'img' | 'iframe'): Promise<string> =>
    new Promise((resolve) => {
      const element = document.createElement(tag);
      document.addEventListener('securitypolicyviolation', () => resolve('refused'), { once: true });
      element.onload = () => resolve('done');
      element.src = `${origin}/${tag}`;
      document.body.append(element);
    });
  refused['image from elsewhere'] = await loads('img');
  refused['frame from elsewhere'] = await loads('iframe');
  const style = document.createElement('style');
  style.textContent = 'body { opacity: 0.5 }';
  document.head.append(style);
  refused['style as text'] = getComputedStyle(document.body).opacity === '1' ? 'refused' : 'done';
  return refused;
}
