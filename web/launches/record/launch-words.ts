// The words of a launch: where it stands, what happened to it, and the names of what a screen shows of it.

/** Where a launch stands. docs/rules.md, “The journey of one launch”. */
export type LaunchState =
  'platform' | 'session' | 'launched' | 'verified' | 'mismatch' | 'released' | 'running' | 'abandoned';

/** A step of the rail on the page of a launch. */
export type StepName = 'platform' | 'session' | 'launch' | 'verdict' | 'release' | 'run';

/** What the guest owner looks for inside the running guest. */
export type FinalCheckId = 'sev-active' | 'disk-open' | 'secret-listed';

export type LaunchEvent =
  | 'begun'
  | 'session-made'
  | 'launch-asked'
  | 'launched'
  | 'attached'
  | 'measured'
  | 'verified'
  | 'mismatch'
  | 'sealed'
  | 'inject-unknown'
  | 'released'
  | 'running'
  | 'running-without'
  | 'checked-inside'
  | 'report-asked'
  | 'report-proven'
  | 'report-refused'
  | 'guest-ended'
  | 'confirmed'
  | 'abandoned'
  | 'closed-by-restore'
  | 'keys-taken-out';
