declare module 'virtual:sev-vectors' {
  /** Path below the vectors' folder → content in base64; empty when there are no vectors. */
  export const files: Readonly<Record<string, string>>;
}
