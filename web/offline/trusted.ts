// The one door through which a script address becomes trusted: only files of this build, from this origin.

/** The policy's name; headers.ts lists it. */
const POLICY = 'sev-verifier';

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): unknown };
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes };

function ownScript(url: string): string {
  const { origin, pathname } = new URL(url, location.href);
  const ours = origin === location.origin && (pathname === '/sw.js' || /^\/assets\/[\w.-]+\.js$/.test(pathname));
  if (!ours) throw new TypeError(`${pathname} is no script of this app`);
  return url;
}

const policy = trustedTypes?.createPolicy(POLICY, { createScriptURL: ownScript });

/**
 * A script address that `Worker` and `serviceWorker.register` take under Trusted Types.
 * Their declarations want a string, so that is what it is called.
 */
export const trustedScript = (url: string): string => (policy ? policy.createScriptURL(url) : ownScript(url)) as string;
