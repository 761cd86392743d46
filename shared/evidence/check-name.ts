// What is checked of a record, by name.
export type CheckName =
  | 'chain'
  | 'session'
  | 'image'
  | 'kernel'
  | 'digest'
  | 'policy'
  | 'firmware'
  | 'verdict'
  | 'reports'
  | 'signature'
  | 'session-mac'
  | 'measure';
