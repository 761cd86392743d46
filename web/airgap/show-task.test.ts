import { afterEach, describe, expect, it, vi } from 'vitest';
import { FrameCollector, type Ur } from '../../shared/airgap/index.ts';
import { noiseForTests } from './noise-for-tests.ts';
import { ShowTask } from './show-task.svelte.ts';

const ur = (length: number): Ur => ({ type: 'x-sev-chain', payload: noiseForTests(length) });

afterEach(() => void vi.useRealTimers());

describe('showing a message', () => {
  it('stands still when it fits', () => {
    const task = new ShowTask(() => ur(500), false);
    expect(task.total).toBe(1);
    expect(new FrameCollector().add(task.text)).toEqual({ status: 'done', message: ur(500) });
  });

  it('plays one code after the other, at the speed that is asked for', () => {
    vi.useFakeTimers();
    const task = new ShowTask(() => ur(2000), false);
    const collector = new FrameCollector();
    expect(task.playing).toBe(true);
    let stop = task.play();
    vi.advanceTimersByTime(1000);
    expect(task.number).toBe(11);
    stop();
    task.perSecond = 5;
    stop = task.play();
    vi.advanceTimersByTime(1000);
    expect(task.number).toBe(16);
    for (; collector.add(task.text).status !== 'done'; vi.advanceTimersByTime(200))
      expect(task.number).toBeLessThan(40);
    stop();
  });

  it('steps from code to code where motion is unwelcome', () => {
    const task = new ShowTask(() => ur(2000), true);
    expect(task.playing).toBe(false);
    task.step(-1);
    expect(task.place).toBe(1);
    for (let i = 0; i < task.total; i++) task.step(1);
    expect([task.number, task.place]).toEqual([task.total + 1, 1]);
  });

  it('follows the wish for density, also for what would stand still', () => {
    const task = new ShowTask(() => ur(600), false);
    task.density = 10;
    expect(task.codes.version).toBeLessThanOrEqual(10);
    expect(task.total).toBe(4);
    task.density = 25;
    expect(task.total).toBe(1);
    task.glare = true;
    expect(task.codes.correction).toBe('medium');
  });
});
