// A monitor for tests that can misbehave in every way that a real one or a stranger on its socket can.
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from '../../testing/testing.ts';
import type { QmpEndpoint } from '../types.ts';

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": ""}, "capabilities": ["oob"]}}';

export interface Command {
  readonly execute: string;
  readonly arguments?: Record<string, unknown>;
  readonly id?: number;
}

/** Answers one command by writing whatever it likes. */
export type Reply = (command: Command, write: (text: string) => void, socket: Socket) => void;

export const returns = (value: unknown, { id }: Command): string => `${JSON.stringify({ return: value, id })}\n`;
export const fails = (desc: string, { id }: Command, kind = 'GenericError'): string =>
  `${JSON.stringify({ id, error: { class: kind, desc } })}\n`;
export const event = (name: string): string => `{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "${name}"}\n`;

/** What a plain QEMU 7.2 without SEV says, in the texts that were recorded from one. */
export const plainQemu: Reply = (command, write) => {
  const answers: Record<string, string> = {
    qmp_capabilities: returns({}, command),
    'query-status': returns({ status: 'prelaunch', singlestep: false, running: false }, command),
    'query-sev': returns(
      { enabled: false, 'api-minor': 0, handle: 0, state: 'uninit', 'api-major': 0, 'build-id': 0, policy: 0 },
      command,
    ),
    cont: event('RESUME') + returns({}, command),
    stop: event('STOP') + returns({}, command),
  };
  write(
    answers[command.execute] ?? fails(`The command ${command.execute} has not been found`, command, 'CommandNotFound'),
  );
};

/** An SEV guest's answers, before `plainQemu`'s. */
export const sevQemu =
  (over: Record<string, (command: Command) => string> = {}): Reply =>
  (command, write, socket) => {
    const sev = {
      enabled: true,
      'api-major': 1,
      'api-minor': 55,
      'build-id': 21,
      policy: 5,
      handle: 1,
      state: 'launch-secret',
    };
    const answers: Record<string, (command: Command) => string> = {
      'query-sev': (asked) => returns(sev, asked),
      'query-sev-launch-measure': (asked) => returns({ data: Buffer.alloc(48, 7).toString('base64') }, asked),
      'sev-inject-launch-secret': (asked) => returns({}, asked),
      'query-sev-attestation-report': (asked) => returns({ data: Buffer.alloc(208, 9).toString('base64') }, asked),
      ...over,
    };
    const answer = answers[command.execute];
    return answer ? write(answer(command)) : plainQemu(command, write, socket);
  };

export class FakeQemu {
  readonly endpoint: QmpEndpoint;
  readonly commands: Command[] = [];
  readonly sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(server: Server, endpoint: QmpEndpoint) {
    this.#server = server;
    this.endpoint = endpoint;
  }

  static async listen(
    reply: Reply = plainQemu,
    { path = join(temporaryFolder(), 'qmp.sock'), greeting = `${GREETING}\n` } = {},
  ): Promise<FakeQemu> {
    const server = createServer();
    const fake = new FakeQemu(server, { path });
    server.on('connection', (socket) => fake.#serve(socket, reply, greeting));
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => fake.end());
    return fake;
  }

  /** Ends as a killed QEMU does: its connections break and nobody listens any more. */
  end(): void {
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  send(text: string): void {
    for (const socket of this.sockets) socket.write(text);
  }

  #serve(socket: Socket, reply: Reply, greeting: string): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
    socket.on('error', () => undefined);
    const write = (text: string): void => void socket.write(text);
    write(greeting);
    let held = '';
    socket.on('data', (piece: Buffer) => {
      const lines = (held + piece.toString('utf8')).split('\n');
      held = lines.pop() ?? '';
      for (const line of lines) {
        const command = JSON.parse(line) as Command;
        this.commands.push(command);
        reply(command, write, socket);
      }
    });
  }
}
