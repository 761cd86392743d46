// Expectations of a guest owner who has read everything here, for tests.
import type { GuestImage } from '../guest/guest-image.ts';
import { type Expectation, expectLaunch, type OwnSaying } from '../sev/decide/expectation.ts';
import type { LaunchInputs } from '../sev/verify/launch-digest.ts';

/** Some bytes that were read, and are no OVMF. */
const READ: GuestImage = { size: 1, kind: 'unknown', entries: [] };

export const expectForTests = (inputs: LaunchInputs, own: Partial<OwnSaying> = {}): Promise<Expectation> =>
  expectLaunch(inputs, { origins: { image: 'hashed-here' }, guestImage: READ, ...own });
