// Small things about focus and time that several screens need.
import { tick } from 'svelte';

/** Puts the reading position on a heading after the screen has changed. */
export async function readFrom(heading: HTMLElement | undefined): Promise<void> {
  await tick();
  heading?.focus({ preventScroll: false });
}
