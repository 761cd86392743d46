// What the monitor's tests share: a raw client on a Unix socket, and a simulated guest behind a monitor.
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { SimulatedAmdSp, type SimulatedAmdSpOptions } from '../../../shared/simulator/amd-sp.ts';
import { demoGuestImage } from '../../../shared/simulator/demo-guest/image.ts';
import type { MachineSettings } from '../../../shared/simulator/machine-launch.ts';
import { SimulatedMachine } from '../../../shared/simulator/virtual-machine.ts';
import { eventually, temporaryFolder } from '../../testing/testing.ts';
import { simulatedDevice } from '../device.ts';
import { openMonitor } from './server.ts';

/** A machine may be busy with other tests. */
const PATIENCE_MS = 30_000;

/** Writes whatever it likes to a monitor, and keeps every line that came back. */
export class RawClient {
  readonly lines: string[] = [];
  closed = false;
  #socket: Socket;
  #rest = '';

  constructor(path: string) {
    this.#socket = connect(path);
    this.#socket.setEncoding('utf8').on('data', (text: string) => this.#receive(text));
    this.#socket.on('error', () => undefined).on('close', () => (this.closed = true));
    onTestFinished(() => this.close());
  }

  close(): void {
    this.#socket.destroy();
  }

  write(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  /** The next `count` lines that nobody has taken yet. */
  async take(count: number): Promise<string[]> {
    await eventually(
      () => this.lines,
      (lines) => lines.length >= count,
      PATIENCE_MS,
    );
    return this.lines.splice(0, count);
  }

  /** Sends a line and then a question with a known answer; what came before that answer is the line's own. */
  async exchange(line: string | Uint8Array): Promise<string[]> {
    this.write(line);
    this.write('\n{"execute": "qmp_capabilities", "id": "end of answer"}\n');
    const isEnd = (answer: string) => answer.includes('"end of answer"');
    const lines = await eventually(
      () => this.lines,
      (seen) => this.closed || seen.some(isEnd),
      PATIENCE_MS,
    );
    const end = lines.findIndex(isEnd);
    if (end < 0) return lines.splice(0);
    return lines.splice(0, end + 1).slice(0, -1);
  }

  async negotiate(): Promise<this> {
    await this.take(1);
    this.write('{"execute": "qmp_capabilities"}\n');
    await this.take(1);
    return this;
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.lines.push(...lines.map((line) => line.replace(/\r$/, '')));
  }
}

/** A simulated guest, paused, behind a monitor. */
export async function monitoredGuest(settings: Partial<MachineSettings> = {}, chip: SimulatedAmdSpOptions = {}) {
  const amdSp = await SimulatedAmdSp.create(chip);
  const machine = await SimulatedMachine.start(amdSp, {
    guestImage: demoGuestImage(),
    memoryBytes: 64 * 1024 * 1024,
    cpus: 2,
    cpuSignature: 0x800f12,
    policy: 1,
    ...settings,
  });
  const platform = simulatedDevice(amdSp, () => undefined);
  const monitor = await openMonitor(join(temporaryFolder(), 'qmp.sock'), { name: 'web-1', machine, platform });
  onTestFinished(() => monitor.close());
  return { amdSp, machine, path: monitor.path };
}

/** An answer without what differs from run to run. */
export const withoutTimes = (line: string): string =>
  line
    .replace(/"timestamp": \{[^}]*\}/, '"timestamp": {}')
    .replace(/"thread-id": \d{2,}/g, '"thread-id": N')
    .replace(/"qom-path": "[^"]*"/g, '"qom-path": ""');
