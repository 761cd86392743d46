export interface Pairing {
    /** The relay's address: ws:// or wss://, without a trailing slash. */
    readonly url: string;
    readonly code: string;
}
/** Whether a fragment of an address is meant to be a pairing link at all. */
export declare const looksLikePairing: (fragment: string) => boolean;
/**
 * Reads a pairing link, or its fragment alone.
 * @throws SevError RELAY_LINK when it is none, or names no relay address
 */
export declare function parsePairing(text: string): Pairing;
/**
 * Reads a relay's address. Credentials, queries and fragments have no place in it.
 * @throws SevError RELAY_LINK
 */
export declare function parseRelayUrl(text: string): string;
/** The relay's host and port, as people name it. */
export declare const relayName: (url: string) => string;
