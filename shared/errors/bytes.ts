// Codes for bytes whose shape is wrong, whatever they were meant to be.
import type { ErrorWords } from './words.ts';

export const BYTES_ERRORS = {
  BYTES_LENGTH: {
    sentence: 'The length is not what the format asks for.',
    next: 'Get the blob again from its source; a copy that was cut or joined cannot be used.',
  },
  BYTES_RESERVED: {
    sentence: 'A reserved field is not zero.',
    next: 'Refuse the blob, and ask its sender for an unchanged copy.',
  },
  BYTES_SLOW: {
    sentence: 'Reading this takes too long. It was stopped.',
    next: 'Give the file itself, or only the part that you were asked for.',
  },
  BYTES_VALUE: {
    sentence: 'A field holds a value that the format does not have.',
    next: 'Get the blob again from its source, and give it unchanged.',
  },
  BYTES_ENCODING: {
    sentence: 'The text is neither base64 nor hex that can be read.',
    next: 'Copy the whole text again, from its first to its last character.',
  },
  BYTES_TOO_LARGE: {
    sentence: 'The input is larger than anything that is expected here.',
    next: 'Check that you chose the right file.',
  },
  BYTES_UNKNOWN: {
    sentence: 'This is nothing that is known here.',
    next: 'Give a certificate, a chain, a session, a measurement, QMP or virsh output, or a zip of them.',
  },
  BYTES_SWAPPED: {
    sentence: 'This is a different thing from what was asked for here.',
    next: 'Put it where it belongs, and give the one that is asked for.',
  },
  BYTES_CHECKSUM: {
    sentence: 'The checksum does not fit: it was misread or damaged on its way.',
    next: 'Scan or copy it again.',
  },
  BYTES_VERSION: {
    sentence: 'This was made by a newer version of the program.',
    next: 'Update the app on this device, then take it again.',
  },
  BYTES_FILE: {
    sentence: 'The file cannot be read.',
    next: 'Check its name and its permissions.',
  },
} satisfies Record<string, ErrorWords>;
