// What can go wrong in the middle of a launch. Each fault happens once, when the frame, the write or the message of its
// number comes.
import type { BrowserContext } from '@playwright/test';
import type { Dice } from '../../shared/testing/dice.ts';

export const FAULTS = [
  'no fault',
  'the relay is killed',
  'the socket is cut',
  'a frame is spoilt',
  'a frame is lost',
  'the page is reloaded',
  'the tab is closed',
  'the storage fails',
  'a worker crashes',
] as const;
export type FaultName = (typeof FAULTS)[number];

export interface Fault {
  readonly name: FaultName;
  /** Counted from 1: frames on the wire, writes to the storage, or messages to a worker. */
  readonly at: number;
}

/** A whole launch has some forty frames, twenty writes and three messages to workers. */
const SPAN: Readonly<Partial<Record<FaultName, number>>> = { 'the storage fails': 20, 'a worker crashes': 4 };

/** @param run from 0; every kind of fault has its turn */
export const chooseFault = (run: number, dice: Dice): Fault => {
  const name = FAULTS[run % FAULTS.length]!;
  return { name, at: 1 + dice.below(SPAN[name] ?? 40) };
};

/** Makes the browser's own parts fail; runs in the page before its scripts do. */
export async function breakBrowser(context: BrowserContext, { name, at }: Fault): Promise<void> {
  if (name === 'the storage fails') await context.addInitScript(breakStorage, at);
  if (name === 'a worker crashes') await context.addInitScript(crashWorker, at);
}

/** One write of this tab fails as on a full disk; the count outlives a reload. */
function breakStorage(at: number): void {
  type Write = (this: IDBObjectStore, ...args: unknown[]) => IDBRequest<IDBValidKey>;
  for (const name of ['put', 'add']) {
    const real = Object.getOwnPropertyDescriptor(IDBObjectStore.prototype, name)!.value as Write;
    const write: Write = function (...args) {
      const count = Number(sessionStorage.getItem('writes') ?? 0) + 1;
      sessionStorage.setItem('writes', `${count}`);
      if (count === at) throw new DOMException('The disk is full.', 'QuotaExceededError');
      return real.apply(this, args);
    };
    Object.defineProperty(IDBObjectStore.prototype, name, { value: write });
  }
}

/** One message ends the worker that it was for, and tells so as a browser does. */
function crashWorker(at: number): void {
  type Post = (this: Worker, ...args: unknown[]) => void;
  const real = Object.getOwnPropertyDescriptor(Worker.prototype, 'postMessage')!.value as Post;
  const post: Post = function (...args) {
    const count = Number(sessionStorage.getItem('messages') ?? 0) + 1;
    sessionStorage.setItem('messages', `${count}`);
    if (count !== at) return real.apply(this, args);
    this.terminate();
    this.dispatchEvent(new ErrorEvent('error', { message: 'out of memory' }));
  };
  Object.defineProperty(Worker.prototype, 'postMessage', { value: post });
}

/** One character of a frame becomes another. */
export function spoilFrame(frame: string, dice: Dice): string {
  const i = dice.below(frame.length);
  return `${frame.slice(0, i)}${frame[i] === 'A' ? 'B' : 'A'}${frame.slice(i + 1)}`;
}
