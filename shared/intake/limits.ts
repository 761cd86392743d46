// How much is taken in at once. Sizes are looked at before anything is read.

/** Text, and binary that is no firmware or kernel. */
export const MAX_INPUT_BYTES = 1024 * 1024;
/** Files in a zip. */
export const MAX_ZIP_FILES = 64;
/** All files of a zip together, inflated. */
export const MAX_ZIP_BYTES = 4 * 1024 * 1024;
/** JSON values in one paste: a whole QMP session has dozens. */
export const MAX_JSON_VALUES = 1000;
/** base64 in base64 happens; deeper than this it is not meant to be read. */
export const MAX_ENCODINGS = 2;
