export declare const RESET = "00f771de-1a7e-4fcb-890e-68c77e2fb44e";
export declare const HASHES = "7255371f-3a3b-4b04-927b-1da6efa8d454";
export declare const SECRET = "4c2eb361-7d9b-4cc3-8081-127c90d3d294";
export declare const VARIABLES = "fff12b8d-7696-4c8b-a985-2747075b4f50";
export declare const FILES = "8c8ce578-8a3d-4f1c-9935-896185c32dd3";
export declare const le: (...words: number[]) => Uint8Array<ArrayBufferLike>;
export declare const entry: (guid: string, data: Uint8Array) => Uint8Array<ArrayBufferLike>;
export declare const volume: (guid: string) => Uint8Array<ArrayBufferLike>;
/** An image with this beginning and these entries in its table. */
export declare function image(entries: Uint8Array[], head?: Uint8Array<ArrayBufferLike>, total?: number): Uint8Array;
export declare const area: (guid: string, base: number, size: number) => Uint8Array<ArrayBufferLike>;
/** An image whose table says that it is longer than the file. */
export declare const unreadableImage: () => Uint8Array;
