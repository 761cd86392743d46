// Every command that a page marks as run is run, in the page's order, against the built commands and a simulated host.
import { expect, test } from '@playwright/test';
import { blocksOf, isRun, pages, standInOf } from './blocks.ts';
import { Sandbox } from './sandbox.ts';

for (const page of pages()) {
  const steps = blocksOf(page).filter((block) => isRun(block) || standInOf(block) !== undefined);
  if (steps.length === 0) continue;

  test(`the commands of ${page} do what the page says`, async () => {
    test.setTimeout(180_000);
    const sandbox = new Sandbox();
    try {
      for (const block of steps) {
        const place = `${page}:${block.line}`;
        const standIn = standInOf(block);
        if (standIn !== undefined) {
          await sandbox.host.play(standIn);
          continue;
        }
        const { status, output } = sandbox.run(block.text);
        const expected = Number(block.marks.find((mark) => mark.startsWith('exit='))?.slice(5) ?? 0);
        expect(status, `${place}\n${block.text}\n${output}`).toBe(expected);
      }
    } finally {
      sandbox.remove();
    }
  });
}
