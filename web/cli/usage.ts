// The one way to say that a command line cannot be understood.
import { SevError } from '../../shared/errors.ts';

export const usage = (at: string, because: string, next?: string): SevError =>
  new SevError('RELAY_USAGE', { at, because, ...(next !== undefined && { next }) });
