// Starts simulated guests from profiles, each with a monitor on a Unix socket of its own.
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SevError } from '../../shared/errors.ts';
import type { SimulatedAmdSp } from '../../shared/simulator/amd-sp.ts';
import { launchFailure } from '../../shared/simulator/qemu-words.ts';
import { SimulatedMachine } from '../../shared/simulator/virtual-machine.ts';
import type { GuestStarter, LaunchRequest, SevDevice, StartedGuest } from '../sources/types.ts';
import { inState } from '../state/state.ts';
import { cpuSignature } from './cpu-models.ts';
import { ensureInitialised } from './device.ts';
import { describeProfile, FileHints, type LaunchProfile, readProfiles } from '../sources/launcher/profiles.ts';
import { readBoot, readWhole } from './profiles.ts';
import { type MonitorServer, openMonitor } from './qmp/server.ts';

export interface StarterSettings {
  readonly amdSp: SimulatedAmdSp;
  readonly device: SevDevice;
  /** The operator's profiles file; read anew for each launch. */
  readonly profiles: string;
  /** Where guests have their folders: their sockets, and a file that stands for what they wrote on their consoles. */
  readonly guestsFolder: string;
}

interface Running {
  readonly machine: SimulatedMachine;
  readonly monitor: MonitorServer;
}

const MIB = 1024 * 1024;

/** The launcher's counterpart on the simulated host. Simulated guests end with their relay: there are none to adopt. */
export class SimulatedStarter implements GuestStarter {
  #settings: StarterSettings;
  #running = new Map<string, Running>();
  #hints = new FileHints();
  #started = 0;

  /** @throws SevError RELAY_FILE when the profiles cannot be used */
  constructor(settings: StarterSettings) {
    this.#settings = settings;
    this.#profiles();
  }

  profiles() {
    return Promise.all(this.#profiles().map((profile) => describeProfile(profile, this.#hints)));
  }

  adopt() {
    return Promise.resolve([]);
  }

  async start(request: LaunchRequest): Promise<StartedGuest> {
    const profile = this.#profiles().find(({ name }) => name === request.profile);
    if (!profile) throw new SevError('RELAY_NO_PROFILE', { at: request.profile });
    const machine = await this.#startMachine(profile, request);
    const name = `${profile.name}-${++this.#started}`;
    const folder = join(this.#settings.guestsFolder, name);
    const path = join(folder, 'qmp.sock');
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      this.#keepConsole(machine, join(folder, 'console.log'));
      const monitor = await openMonitor(path, { name, machine, platform: this.#settings.device });
      this.#running.set(name, { machine, monitor });
    } catch (error) {
      await machine.end();
      rmSync(folder, { recursive: true, force: true });
      return inState(folder, () => {
        throw error;
      });
    }
    const configuration = describeArguments(name, profile, request.policy);
    return { name, profile: profile.name, qmp: { path }, configuration, sev: true };
  }

  async destroy(name: string): Promise<void> {
    const guest = this.#running.get(name);
    if (!guest) throw new SevError('RELAY_NO_GUEST', { at: name });
    await guest.machine.end();
    await guest.monitor.ended;
    this.#running.delete(name);
    rmSync(join(this.#settings.guestsFolder, name), { recursive: true, force: true });
  }

  async close(): Promise<void> {
    for (const name of [...this.#running.keys()]) await this.destroy(name);
  }

  #profiles(): readonly LaunchProfile[] {
    return readProfiles(this.#settings.profiles).profiles;
  }

  async #startMachine(profile: LaunchProfile, { policy, dhCert, session }: LaunchRequest): Promise<SimulatedMachine> {
    if (profile.kind === 'plain') {
      throw new SevError('RELAY_LAUNCH', { because: 'The simulated host starts SEV guests only.' });
    }
    const signature = cpuSignature(profile.cpuModel);
    if (signature === undefined) {
      throw new SevError('RELAY_LAUNCH', { because: `QEMU has no AMD processor “${profile.cpuModel}”.` });
    }
    const [guestImage, boot] = [await readWhole(profile.firmware), await readBoot(profile)];
    await ensureInitialised(this.#settings.amdSp);
    const settings = {
      guestImage,
      ...(boot && { boot, kernelHashes: true }),
      memoryBytes: profile.memoryMiB * MIB,
      cpus: profile.cpus,
      cpuSignature: signature,
      policy,
      dhCert,
      session,
    };
    return SimulatedMachine.start(this.#settings.amdSp, settings).catch((failure: unknown) => {
      throw launchFailure(failure);
    });
  }

  /** The file stands for the guest's memory: it is the only place where a secret can be seen to have arrived. */
  #keepConsole(machine: SimulatedMachine, path: string): void {
    let written = 0;
    const write = () => {
      appendFileSync(path, machine.console.slice(written), { mode: 0o600 });
      written = machine.console.length;
    };
    write();
    const writeLater = (): void => {
      try {
        if (!machine.ended) write();
      } catch {
        // A full disk: what is missing is written with the next event.
      }
    };
    // The machine tells first and runs then; its console is complete at the end of the turn.
    machine.onEvent(() => setImmediate(writeLater));
  }
}

/** The arguments as a real host would have started this guest with, one a line. */
function describeArguments(name: string, profile: LaunchProfile, policy: number): string {
  const { firmware, kernel, initrd, cmdline, cpus, cpuModel, memoryMiB } = profile;
  const sev = `sev-guest,id=sev0,cbitpos=51,reduced-phys-bits=1,policy=0x${policy.toString(16)}`;
  return [
    'qemu-system-x86_64',
    ...['-name', name],
    ...['-machine', 'q35,accel=kvm,confidential-guest-support=sev0'],
    '-object',
    `${sev},dh-cert-file=godh.b64,session-file=session.b64${kernel === undefined ? '' : ',kernel-hashes=on'}`,
    ...['-cpu', cpuModel],
    ...['-smp', String(cpus)],
    ...['-m', `${memoryMiB}M`],
    ...['-drive', `if=pflash,format=raw,unit=0,readonly=on,file=${firmware.replaceAll(',', ',,')}`],
    ...(kernel === undefined ? [] : ['-kernel', kernel]),
    ...(initrd === undefined ? [] : ['-initrd', initrd]),
    ...(cmdline === undefined ? [] : ['-append', cmdline]),
    '-nodefaults',
    ...['-display', 'none'],
    '-S',
  ].join('\n');
}
