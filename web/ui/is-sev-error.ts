// Telling our own errors from those of a library or the browser.
import { SevError } from '../../shared/errors.ts';

export const isSevError = (error: unknown): error is SevError => error instanceof SevError;
