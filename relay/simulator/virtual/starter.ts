// Starts guests of the virtual SEV host. They end with it: without their AMD-SP they would be as without hardware.
import { SevError } from '../../../shared/errors.ts';
import type { GuestStarter, LaunchRequest, StartedGuest } from '../../sources/types.ts';

export class VirtualStarter implements GuestStarter {
  #qemu: GuestStarter;
  #started = new Set<string>();

  /** @param qemu the launcher of every real host, with the shim in its guests' environment */
  constructor(qemu: GuestStarter) {
    this.#qemu = qemu;
  }

  profiles() {
    return this.#qemu.profiles();
  }

  adopt() {
    return Promise.resolve([]);
  }

  async start(request: LaunchRequest): Promise<StartedGuest> {
    const guest = await this.#qemu.start(request);
    this.#started.add(guest.name);
    return guest;
  }

  async destroy(name: string): Promise<void> {
    await this.#qemu.destroy(name);
    this.#started.delete(name);
  }

  /** Ends every guest that is still there. */
  async close(): Promise<void> {
    for (const name of [...this.#started]) {
      await this.destroy(name).catch((error: unknown) => {
        if (!(error instanceof SevError) || error.code !== 'RELAY_NO_GUEST') throw error;
      });
    }
  }
}
