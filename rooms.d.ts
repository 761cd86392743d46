/** rooms.js says what each member means. */
export interface Room {
  readonly path: string;
  readonly what: string;
  readonly uses: readonly string[];
  readonly types: readonly string[];
  readonly back: readonly string[];
  readonly never: readonly string[];
}

export const ROOMS: readonly Room[];
export const GROUPS: Readonly<Record<string, readonly string[]>>;
