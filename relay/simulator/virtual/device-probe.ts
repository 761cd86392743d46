// A program for tests, run with the shim preloaded: asks /dev/sev what it is told to, the way the relay does, and
// prints the answers. Each question is a line of JSON; so is each answer.
import { createInterface } from 'node:readline';
import { SevError } from '../../../shared/errors.ts';
import { toJsonValue } from '../../../shared/schema.ts';
import { openSevDevice } from '../../sources/sev-device.ts';
import { loadKernel } from '../../sources/sev-device/kernel.ts';

/** One of the relay's own commands, or a call of the kernel's with arguments that the relay would never give. */
export type Question =
  | { readonly command: 'platformStatus' | 'pdhCertExport' | 'getId' | 'pekCsr' | 'pdhGen' | 'pekGen' | 'factoryReset' }
  | { readonly command: 'pekCertImport'; readonly pek: string; readonly oca: string }
  | {
      readonly command: 'ioctl';
      readonly mode: 'read' | 'read-write';
      readonly request: number;
      /** The bytes of sev_issue_cmd in hex; `ADDRESS` in it becomes the address of `data`. */
      readonly issue: string;
      /** The bytes of the command's structure, in hex. */
      readonly data: string;
    };

const device = openSevDevice('/dev/sev');

async function ask(question: Question): Promise<unknown> {
  if (question.command === 'ioctl') return rawCall(question);
  if (question.command !== 'pekCertImport') return device[question.command]();
  const [pek, oca] = [question.pek, question.oca].map((text) => new Uint8Array(Buffer.from(text, 'base64')));
  return device.pekCertImport(pek!, oca!);
}

async function rawCall({ mode, request, issue, data }: Extract<Question, { command: 'ioctl' }>): Promise<unknown> {
  const kernel = loadKernel();
  const fd = kernel.open('/dev/sev', mode);
  const structure = kernel.allocate(Math.max(1, data.length / 2));
  structure.bytes.set(Buffer.from(data, 'hex'));
  const address = Buffer.alloc(8);
  address.writeBigUInt64LE(structure.address);
  const command = kernel.allocate(16);
  command.bytes.set(Buffer.from(issue.replace('ADDRESS', address.toString('hex')), 'hex'));
  try {
    const errno = -(await kernel.ioctl(fd, request, issue === '' ? 8n : command.address));
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    return { errno, status: Buffer.from(command.bytes).readUInt32LE(12), data: hex(structure.bytes) };
  } finally {
    kernel.close(fd);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const answer = await ask(JSON.parse(line) as Question).then(
    (value) => ({ value: toJsonValue(value) ?? null }),
    (error: unknown) => ({ error: error instanceof SevError ? error.code : String(error) }),
  );
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
