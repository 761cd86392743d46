// Times as people read them, in the language of the strings.

const full = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short', hourCycle: 'h23' });

/** `21 Nov 2025, 11:04` */
export const dayAndTime = (ms: number): string => full.format(ms);

const date = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });

/** `21 Nov 2025` */
export const day = (ms: number): string => date.format(ms);
