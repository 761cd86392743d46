// Why a folder or a file of this host is not used, and what to do: facts in, sentences out.

interface Words {
  readonly sentence: string;
  readonly next: string;
}

const octal = (mode: number): string => (mode & 0o7777).toString(8).padStart(4, '0');

export const PLACE = {
  link: {
    sentence: 'It is a symbolic link, and the relay follows none here.',
    next: 'Remove the link, or name the real folder with --state.',
  },
  noFolder: { sentence: 'It is not a folder.', next: 'Name a folder with --state.' },
  noFile: { sentence: 'It is not a regular file.', next: 'Remove it. The relay makes a new one.' },
  owner: (uid: number): Words => ({
    sentence: `It belongs to another user (uid ${uid}).`,
    next: 'Do not use what another user prepared. Name a new folder, or look at it and change its owner with chown.',
  }),
  mode: (mode: number): Words => ({
    sentence: `Other users can change it (mode ${octal(mode)}).`,
    next: 'Check what is in it, then run `chmod go-w` on it; or name a folder that is yours alone.',
  }),
  fileMode: (mode: number): Words => ({
    sentence: `Other users can change it (mode ${octal(mode)}).`,
    next: 'Check what is in it, then run `chmod go-w` on it.',
  }),
  readable: (mode: number): Words => ({
    sentence: `It is a private key that every user can read (mode ${octal(mode)}).`,
    next: 'Run `chmod o-rwx` on it, and replace the key if others may have read it.',
  }),
  above: (folder: string): Words => ({
    sentence: `Other users can replace it: the folder ${folder} above it belongs to one of them, or all may write there.`,
    next: 'Use a place below folders that only you and root can change, such as /var/lib/sev-relay.',
  }),
} as const;

/** Where no relay serves on this host. */
export const NOT_RUNNING = {
  because: 'No relay runs on this state folder, so its address is not known.',
  next: 'Start the relay, or name its address: --relay wss://HOST:PORT.',
} as const;
