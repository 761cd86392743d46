// A small file of the state folder that may be missing.
export { readOwn as readIfThere } from './private-files.ts';
