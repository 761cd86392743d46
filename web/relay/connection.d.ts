import { SevError } from '../../shared/errors.ts';
import { type MethodName, type NotificationName, type NotificationOf, type ParamsOf, type ResultOf } from '../../shared/relay-protocol.ts';
import type { Pairing } from './pairing.ts';
export type Hello = ResultOf<'relay.hello'>;
export type ConnectionState = {
    readonly name: 'connecting';
} | {
    readonly name: 'open';
    readonly hello: Hello;
}
/** Lost or not reached; the next try comes by itself at `retryAt` (ms since the epoch). */
 | {
    readonly name: 'waiting';
    readonly error: SevError;
    readonly retryAt: number;
}
/** Refused for a reason that trying again does not mend, or closed by the guest owner. */
 | {
    readonly name: 'stopped';
    readonly error?: SevError;
};
/** What the page gives, and a test chooses. */
export interface Surroundings {
    readonly openSocket: (url: string, protocol: string) => WebSocket;
    readonly now: () => number;
    readonly random: () => number;
}
export declare class RelayConnection {
    #private;
    readonly pairing: Pairing;
    constructor(pairing: Pairing, around?: Surroundings);
    get state(): ConnectionState;
    /** Hears every change of state, and the present one at once. @returns the way to stop hearing */
    watch(watcher: (state: ConnectionState) => void): () => void;
    /** @returns the way to stop hearing */
    on<N extends NotificationName>(name: N, listener: (params: NotificationOf<N>) => void): () => void;
    /** Connects, now: also the answer to “Try now” while waiting. */
    start(): void;
    stop(): void;
    /**
     * Asks the relay and waits for its answer.
     * @throws SevError RELAY_LOST, RELAY_TIMEOUT, RELAY_PROTOCOL, or what the relay refused with; AbortError when aborted
     */
    ask<M extends MethodName>(method: M, params: ParamsOf<M>, options?: {
        readonly signal?: AbortSignal;
        readonly timeoutMs?: number;
    }): Promise<ResultOf<M>>;
}
