// For the bench: many monitors in one process, each answering as QEMU does for an SEV guest, at once.
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';

const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 2, "major": 9}, "package": ""}, "capabilities": ["oob"]}}\n';
const ANSWERS: Readonly<Record<string, object>> = {
  'query-sev': {
    'sev-type': 'sev',
    enabled: true,
    'api-major': 1,
    'api-minor': 55,
    'build-id': 21,
    policy: 5,
    handle: 1,
    state: 'launch-secret',
  },
  'query-status': { status: 'prelaunch', running: false },
  'query-sev-launch-measure': { data: Buffer.alloc(48, 7).toString('base64') },
};

export const socketOf = (folder: string, i: number): string => join(folder, `${i}.sock`);

/** `node e2e/tools/run.mjs relay/bench/guests.ts FOLDER COUNT` */
export async function main([folder, count]: readonly string[]): Promise<number> {
  for (let i = 0; i < Number(count); i++) {
    await new Promise<void>((resolve) => createServer(serve).listen(socketOf(folder!, i), resolve));
  }
  process.stdout.write('ready\n');
  return new Promise<number>((resolve) => process.once('SIGTERM', () => resolve(0))).finally(() => process.exit(0));
}

function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.write(GREETING);
  socket.on('error', () => undefined);
  let held = '';
  socket.on('data', (piece: Buffer) => {
    const lines = (held + piece.toString('utf8')).split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) {
      const { execute, id } = JSON.parse(line) as { execute: string; id: number };
      socket.write(`${JSON.stringify({ return: ANSWERS[execute] ?? {}, id })}\n`);
    }
  });
}
