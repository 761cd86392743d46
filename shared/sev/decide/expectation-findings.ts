// What speaks for and against the expectation itself, before anything is compared with it.
import type { Finding } from '../../findings/finding.ts';
import { cmdlineFindings } from '../../guest/cmdline.ts';
import { imageFindings } from '../../guest/image-findings.ts';
import { isConfirmed, type OwnerOrigin } from '../../origins/origin.ts';
import { confirmedWords, NOT_OWN, type Part } from '../../origins/words.ts';
import { type Expectation, isExpectation } from './expectation.ts';
import * as words from './expectation-words.ts';

/** @param simulated whether the platform is a simulated one */
export function expectationFindings(expectation: Expectation, simulated: boolean): readonly Finding[] {
  if (!isExpectation(expectation)) return [{ code: 'EXPECTATION_NOT_OWN', severity: 'unchecked', ...NOT_OWN }];
  return [
    ...originFindings(expectation),
    ...unreadFindings(expectation),
    ...imageRefusals(expectation, simulated),
    ...(expectation.cmdline === undefined ? [] : cmdlineFindings(expectation.cmdline)),
  ];
}

function originFindings({ origins }: Expectation): readonly Finding[] {
  return Object.entries(origins as Partial<Record<Part, OwnerOrigin>>)
    .filter(([, origin]) => isConfirmed(origin))
    .map(([part, origin]) => ({
      code: 'EXPECTATION_CONFIRMED',
      severity: 'note',
      ...confirmedWords(part as Part, origin),
    }));
}

/** What was not looked into forbids, unless the owner has said that it is to be accepted. */
function unreadFindings(expectation: Expectation): readonly Finding[] {
  const { guestImage, kernelHashes, vcpus, acceptsUnread } = expectation;
  const bare = kernelHashes === undefined || vcpus === undefined;
  if (!bare && guestImage) return [];
  const said = bare ? words.BARE_DIGEST : words.IMAGE_NOT_READ;
  const code = bare ? 'EXPECTATION_BARE_DIGEST' : 'EXPECTATION_IMAGE_UNREAD';
  // A kernel behind an image that nobody has read is refused in any case, by the image's own findings.
  if (acceptsUnread) return [{ code, severity: 'warning', sentence: `${said.sentence} ${words.ACCEPTED}` }];
  return [{ code, severity: 'unchecked', ...said }];
}

/**
 * Hashes that the image never compares with anything would be measured as expected, before any kernel at all. So would
 * those of an image of which nobody can tell.
 */
function imageRefusals({ guestImage, kernelHashes, vouched }: Expectation, simulated: boolean): readonly Finding[] {
  if (kernelHashes === undefined) return [];
  const wants = { kernelHashes, es: false, secret: kernelHashes };
  return imageFindings(guestImage, wants, { vouched, simulated }).filter(
    ({ severity, code }) =>
      severity === 'refused' || (kernelHashes && (severity === 'note' || code === 'IMAGE_SECRET_ADVERTISED')),
  );
}
