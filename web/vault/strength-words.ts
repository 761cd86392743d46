// Why a passphrase is weak, in words: by the warnings of zxcvbn-ts.

const BECAUSE: Readonly<Record<string, string>> = {
  topTen: 'It is among the ten most common ones.',
  topHundred: 'It is among the hundred most common ones.',
  common: 'It is a common one.',
  similarToCommon: 'It is close to a common one.',
  wordByItself: 'It is a single word.',
  simpleRepeat: 'It repeats one character.',
  extendedRepeat: 'It repeats itself.',
  sequences: 'It is a sequence.',
  straightRow: 'It follows a row of the keyboard.',
  keyPattern: 'It follows a pattern on the keyboard.',
  dates: 'It is a date.',
  recentYears: 'It is a year.',
  associatedYears: 'It is a year.',
  namesByThemselves: 'It is a name.',
  commonNames: 'It is a name.',
};

export const strengthWords = {
  short: (least: number): string => `Use at least ${least} characters.`,
  /** @param warning of the estimator; undefined or null where it has none */
  because: (warning: string | null | undefined): string => BECAUSE[warning ?? ''] ?? 'It can be guessed too soon.',
};
