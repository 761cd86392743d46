// The relay itself: a socket in front, the answers behind it, and the guests' changes told to everybody.
import { SevError } from '../../shared/errors.ts';
import { encodeNotification, PROTOCOL_VERSION } from '../../shared/relay-protocol.ts';
import { formatHostPort, type HostPort } from '../command/addresses.ts';
import { type Confirm, type Host, makeAnswers } from './answer.ts';
import { CLIENT_LIMITS, type ClientLimits } from './client.ts';
import { InjectionLedger } from './ledger.ts';
import type { Log } from './log.ts';
import { firstCodeOf, makePairingCode, type Pairing, PairingGate } from './pairing.ts';
import { PLACE_LIMITS, type PlaceLimits } from './places.ts';
import { canReach, Claims } from './reach.ts';
import { PAIRING } from './words.ts';
import { openSocket, type RelaySocket } from './socket.ts';
import type { GuestSource, HostChecks, Launcher, PlatformSource } from '../sources/types.ts';
import type { StateFolder } from '../state/state.ts';
import { VERSION } from '../../shared/version.ts';

export interface RelayOptions {
  readonly listen: HostPort;
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly origins: readonly string[];
  readonly pwa: URL;
  readonly state: StateFolder;
  readonly log: Log;
  readonly limits?: Partial<ClientLimits>;
  readonly places?: Partial<PlaceLimits>;
}

export interface Sources {
  readonly platform: PlatformSource;
  /** Launchers included. */
  readonly guests: readonly GuestSource[];
  readonly launchers: readonly Launcher[];
  readonly checks: HostChecks;
  readonly confirmOwnership?: Confirm | undefined;
}

export interface Relay {
  readonly url: string;
  /** Opens the verifier already pointed at this relay; the code stands in the fragment, which no server sees. */
  readonly pairingLink: string;
  /** The code of this host's own commands, good while this relay runs. */
  readonly localCode: string;
  close(): Promise<void>;
}

/** @throws SevError RELAY_LISTEN, RELAY_STATE, RELAY_FILE */
export async function start(options: RelayOptions, sources: Sources): Promise<Relay> {
  const { log, state } = options;
  const code = firstCodeOf(state, Date.now());
  const localCode = makePairingCode();
  const gate = new PairingGate(state, localCode);
  const claims = new Claims(state);
  const host: Host = { ...sources, claims, ledger: new InjectionLedger(state), log };
  const places = { ...PLACE_LIMITS, ...options.places };
  const answering = makeAnswers(host);
  const helloTo = (pairing: Pairing) => ({
    relay: `sev-relay ${VERSION}`,
    protocol: PROTOCOL_VERSION,
    simulated: sources.platform.simulated,
    capabilities: answering.methodsOf(pairing),
  });
  const socket: RelaySocket = await openSocket(
    { listen: options.listen, tls: options.tls, origins: options.origins, places },
    {
      log,
      limits: { ...CLIENT_LIMITS, ...options.limits },
      admit(token) {
        const pairing = gate.admit(token);
        // Nobody without a code takes these places, and no owner takes them all.
        if (socket.countOf(pairing) >= places.ofOnePairing) throw new SevError('RELAY_BUSY', PAIRING.tooMany);
        if (socket.paired >= places.paired) throw new SevError('RELAY_BUSY');
        return { pairing, hello: helloTo(pairing) };
      },
      isGood: (pairing) => gate.isGood(pairing),
      answer: answering.answer,
    },
  );
  const endings = sources.guests.map((source) =>
    source.onChange((change) => {
      log.info(`${change.id} is ${change.state}`);
      socket.broadcast(encodeNotification('guest.changed', change), (pairing) => canReach(pairing, claims, change.id));
      // A domain that is off, and a guest that is gone, has nothing of its owner left.
      if (change.state === 'gone' || (change.state === 'shutdown' && source.backend === 'libvirt'))
        claims.forget(change.id);
    }),
  );
  const url = `${options.tls ? 'wss' : 'ws'}://${formatHostPort(socket.reachable)}`;
  return {
    url,
    pairingLink: pairingLink(options.pwa, url, code, sources.platform.simulated),
    localCode,
    async close() {
      endings.forEach((end) => end());
      await socket.close();
      await Promise.allSettled([...sources.guests.map((source) => source.close()), sources.platform.close()]);
    },
  };
}

/**
 * Opens the verifier at this relay with a code.
 * @param simulated the host is met in the app's demo: among real platforms it is refused
 */
export function pairingLink(pwa: URL, url: string, code: string, simulated: boolean): string {
  const link = new URL(pwa);
  if (simulated) link.search = 'demo';
  link.hash = `relay=${url}&code=${code}`;
  return link.href;
}
