export const carry = {
  save: (file: string) => `Save ${file}`,
  code: 'Show it as a code',
  codeLoading: 'Opening…',
  paste: 'Or paste it',
  pastedName: 'pasted',
  usePasted: 'Use what was pasted',
  scan: (what: string) => `Scan ${what}`,
} as const;
