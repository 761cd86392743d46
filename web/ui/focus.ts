// Where reading goes on after the screen has changed.
import { tick } from 'svelte';

/** Puts the reading position on the screen's first sentence: its one heading of the first level. */
export async function readFromTop(): Promise<void> {
  await tick();
  const heading = document.querySelector<HTMLElement>('main h1');
  heading?.focus({ preventScroll: true });
  heading?.scrollIntoView({ block: 'nearest' });
}
