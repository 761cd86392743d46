// Which word of guidance stands beside the step at which a practice launch is.
import type { LaunchRecord } from '../launches/record/launch-record.ts';

export type GuideStep =
  | 'platform'
  | 'image'
  | 'choose'
  | 'session'
  | 'launch'
  | 'measurement'
  | 'release'
  | 'run'
  | 'done'
  | 'mismatch'
  | 'over'
  | 'lost';

/** @param record none: one looks at the platform */
export function guideStep(record: LaunchRecord | undefined, hasImage: boolean): GuideStep {
  if (!record) return 'platform';
  const gone = record.guestState === 'gone' || record.guestState === 'shutdown';
  if (gone && record.state !== 'abandoned') return 'lost';
  switch (record.state) {
    case 'platform':
      if (record.plan.imageId !== undefined) return 'session';
      return hasImage ? 'choose' : 'image';
    case 'session':
      return 'launch';
    case 'launched':
      return 'measurement';
    case 'verified':
      return 'release';
    case 'released':
      return 'run';
    case 'running':
      return 'done';
    case 'mismatch':
      return 'mismatch';
    case 'abandoned':
      return 'over';
  }
}
