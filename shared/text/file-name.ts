// Names of files, looked at in one pass: a path from outside may be long.

/** A file's own name, without the folders and zips that it lies in. */
export const nameAlone = (path: string): string =>
  path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
