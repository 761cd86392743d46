// A worker's answer: the hash, or why there is none.

export function hashEvery(hash: (file: File) => Promise<string>): void {
  addEventListener('message', (event: MessageEvent<File>) => {
    hash(event.data).then(
      (sha256) => postMessage({ sha256 }),
      (error: unknown) => postMessage({ error: String(error) }),
    );
  });
}
