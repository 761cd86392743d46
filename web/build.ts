// Which build of the app this is: the hash that its About page shows, to be compared with the release's.

/** @throws when the app was not built, as under a developer's server */
export const ownBuild = async (): Promise<string> => {
  const response = await fetch('/build.json');
  return ((await response.json()) as { version: string }).version;
};
