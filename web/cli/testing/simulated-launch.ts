// A launch on the simulated AMD-SP, with its files and the command line that attests it and packs two secrets.
import { fromBase64, toBase64 } from '../../../shared/bytes/text.ts';
import { concat } from '../../../shared/bytes/writer.ts';
import { webCryptoRandom } from '../../../shared/crypto/subtle.ts';
import { encodeKernelHashes, hashKernel } from '../../../shared/guest/kernel-hashes.ts';
import type { SecretEntry } from '../../../shared/guest/secret-table.ts';
import { makeLaunchSession } from '../../../shared/sev/session/launch-session.ts';
import { SimulatedAmdSp } from '../../../shared/simulator/amd-sp.ts';
import { trustPlatform } from '../../../shared/testing/launch-world.ts';
import { encodeSessionRecord } from '../session-record.ts';
import type { TestFolder } from './folder.ts';

const LUKS = '736869e5-84f0-4973-92ec-06879ce3da0b';
const OTHER = 'adf956ad-e98c-484c-ae11-b51c7d336447';

export interface SimulatedLaunch {
  readonly args: readonly string[];
  /** Where the session's record lies: beside the keys. */
  readonly record: string;
  /** What is in the secret files, by GUID. */
  readonly secret: readonly SecretEntry[];
  /** Hands the AMD-SP a packet in base64, and answers what lands in the guest's memory. */
  readonly open: (header: string, payload: string) => Promise<Uint8Array>;
}

/**
 * @param size of the first secret
 * @param kernel measured with its hash, although the image has no place for it
 */
export async function simulatedLaunch(
  folder: TestFolder,
  size: number,
  policy = 3,
  kernel?: Uint8Array,
  firmware: Uint8Array = webCryptoRandom(4096),
): Promise<SimulatedLaunch> {
  const amdSp = await SimulatedAmdSp.create();
  let keys: Uint8Array = new Uint8Array();
  const rawKeys = ({ tek, tik }: { tek: Uint8Array; tik: Uint8Array }): void => void (keys = concat(tek, tik));
  const trustedPdh = await trustPlatform(amdSp);
  const session = await makeLaunchSession({ trustedPdh, policy, random: webCryptoRandom, rawKeys });
  const record = folder.write('launch_record.json', await encodeSessionRecord(session, session.keys.tik, new Date()));
  const handle = await amdSp.launchStart({ policy, godh: session.godh, session: session.blob });
  await amdSp.launchUpdateData(handle, firmware);
  if (kernel) await amdSp.launchUpdateData(handle, encodeKernelHashes(await hashKernel({ kernel })));
  const measurement = await amdSp.launchMeasure(handle);
  const { apiMajor, apiMinor, build } = amdSp.platformStatus();
  const secret = [
    { guid: LUKS, data: webCryptoRandom(size) },
    { guid: OTHER, data: webCryptoRandom(33) },
  ];
  const args = [
    ...['--firmware', folder.write('firmware', firmware), '--tk', folder.write('tmp_tk.bin', keys)],
    ...['--measurement', toBase64(measurement), '--policy', String(policy)],
    ...['--api-major', String(apiMajor), '--api-minor', String(apiMinor), '--build-id', String(build)],
    ...['--inject-secret', `luks-key:${folder.write('luks', secret[0]!.data)}`],
    ...['-s', `${OTHER.toUpperCase()}:${folder.write('other', secret[1]!.data)}`],
    ...(kernel ? ['--kernel', folder.write('kernel', kernel)] : []),
    ...['--secret-header', folder.at('header'), '--secret-payload', folder.at('payload')],
    '--simulated',
  ];
  const open = (header: string, payload: string): Promise<Uint8Array> =>
    amdSp.launchSecret(handle, {
      header: fromBase64(header),
      payload: fromBase64(payload),
      guestLength: fromBase64(payload).length,
    });
  return { args, record, secret, open };
}
