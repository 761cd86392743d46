import type { Room } from '../../rooms.js';

export function isSupport(path: string): boolean;
export function roomOf(path: string): Room | undefined;
export function refusal(from: string, to: string, isType?: boolean): string | undefined;
