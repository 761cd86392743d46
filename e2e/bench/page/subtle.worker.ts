import { hashEvery } from './reply.ts';

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

hashEvery(async (file) => hex(new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()))));
