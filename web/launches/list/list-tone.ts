// The mark of a launch in a list. Nothing is green there: a list proves nothing, the launch's own page does.
import type { Tone } from '../../ui/tone.ts';
import type { LaunchSummary } from '../record/launch-summary.ts';

export function listTone({ state }: Pick<LaunchSummary, 'state'>): Tone {
  if (state === 'mismatch') return 'refused';
  if (state === 'verified' || state === 'released') return 'attention';
  return state === 'running' || state === 'abandoned' ? 'note' : 'waiting';
}
