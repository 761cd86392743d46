// Clears away what killed relays left of their simulated hosts. Their AMD-SP went with them, so no guest can be adopted.
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Log, plain } from '../serve/log.ts';
import { QemuStarter } from '../sources/launcher.ts';
import { leftRunFolders } from './run-folder.ts';

export async function clearLeftBehind(dir: string, log: Log): Promise<void> {
  for (const path of leftRunFolders(dir)) {
    try {
      await endGuests(path, log);
      rmSync(path, { recursive: true, force: true });
      log.info(`${path} was left by a relay that was killed, and is removed`);
    } catch (error) {
      // Another relay that starts just now may be faster; and no leftover is a reason not to start.
      log.warn(`${path} was left by a relay that was killed, and could not be removed: ${plain(String(error))}`);
    }
  }
}

/** Ends the QEMUs of a virtual SEV host that still run. */
async function endGuests(path: string, log: Log): Promise<void> {
  const none = join(path, 'none.json');
  writeFileSync(none, '{"profiles": []}');
  const starter = new QemuStarter(none, { path, close: () => undefined }, log);
  for (const { name } of await starter.adopt()) await starter.destroy(name);
}
