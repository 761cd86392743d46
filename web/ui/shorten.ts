// Long ids as people can bear them: the beginning and the end.

/** `98b6 0d5e…0db0`: enough to tell two apart by name, never enough to compare. */
export function shorten(value: string): string {
  return value.length <= 16 ? value : `${value.slice(0, 8)}…${value.slice(-4)}`;
}

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `4 MiB`, `1.8 MiB`, `540 bytes`, `1 byte`. */
export function fileSize(bytes: number): string {
  if (bytes === 1) return '1 byte';
  const power = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const amount = bytes / 1024 ** power;
  return `${Number.isInteger(amount) ? amount : amount.toFixed(1)} ${UNITS[power] ?? ''}`;
}
