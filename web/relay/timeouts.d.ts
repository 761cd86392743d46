import type { MethodName } from '../../shared/relay-protocol.ts';
/** Milliseconds. Starting a guest loads and measures its firmware; owner commands ask a person at the terminal. */
export declare const TIMEOUT_MS: Readonly<Partial<Record<MethodName, number>> & {
    default: number;
}>;
