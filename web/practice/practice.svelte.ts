// Practice: the whole app once more, over a database of its own and a host that lives in this page.
import { DEMO_GUEST_IMAGE_NAME, demoGuestImage } from '../../shared/simulator/demo-guest/image.ts';
import type { AppState } from '../app.svelte.ts';
import { openAppOn } from '../open-app.ts';
import type { LaunchRecord } from '../launches/record/launch-record.ts';
import { address, Navigation } from '../navigation.svelte.ts';
import { Meeting } from '../platforms/meeting.svelte.ts';
import { DATABASE_NAMES } from '../profile/profile.ts';
import { BROWSER } from '../relay/connection.ts';
import { type Database, openDatabase, stored } from '../storage/database.ts';
import { practiceAddress } from './address.ts';
import { HostLink } from './host-link.svelte.ts';

/** It stands where a relay's address would, and gives the platform its name: this very device. Nothing ever looks for it. */
const HOST = { url: 'ws://practice-host.localhost', code: 'practice' };

export class Practice {
  readonly app: AppState;
  readonly host: HostLink;
  readonly meeting: Meeting;
  readonly #database: Database;

  constructor(app: AppState, host: HostLink, database: Database) {
    this.app = app;
    this.host = host;
    this.#database = database;
    this.meeting = new Meeting(app.platforms, app.relays, () => true);
  }

  get begun(): boolean {
    return this.app.platforms.list.length > 0;
  }

  /** Whether the demo guest image is in the library of practice. */
  get hasImage(): boolean {
    return this.app.library.images.length > 0;
  }

  /** What the guest of a launch said on its console. */
  consoleOf(record: LaunchRecord | undefined): string | undefined {
    return record?.guest && this.host.consoles[record.guest.id];
  }

  /** Meets the practice host, and goes on to its platform. */
  async begin(): Promise<void> {
    const platform = await this.meeting.byPairing(HOST);
    if (platform) this.app.navigation.go(address.platform(platform.id));
  }

  /** Brings the demo guest image into the library of practice as a file of one's own would come. */
  async addImage(): Promise<void> {
    await this.app.library.add(new File([demoGuestImage() as BlobPart], DEMO_GUEST_IMAGE_NAME), 'guest-image');
  }

  /** Forgets all of practice: records, keys, ledger, library and the simulated host with its chip. */
  async clear(): Promise<void> {
    const { launches, library, platforms, relays } = this.app;
    for (const relay of relays.list) await relays.forget(relay);
    await this.host.forget();
    await stored(Promise.all([...this.#database.objectStoreNames].map((name) => this.#database.clear(name))));
    await Promise.all([launches.load(), library.load(), platforms.load()]);
    this.meeting.forget();
  }
}

/** The screens go where they always go; here that is within practice. */
class PracticeNavigation extends Navigation {
  override go(to: string): void {
    super.go(practiceAddress(to));
  }
}

let opened: Promise<Practice> | undefined;

/** Opens practice once for the page: its host and guests live on while one looks at other screens. @throws SevError VAULT_STORAGE */
export function openPractice({
  inbox,
  storage,
  updates,
}: Pick<AppState, 'inbox' | 'updates' | 'storage'>): Promise<Practice> {
  opened ??= open({ inbox, updates, storage }).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

async function open(page: Pick<AppState, 'inbox' | 'updates' | 'storage'>): Promise<Practice> {
  const host = new HostLink();
  const database = await openDatabase(DATABASE_NAMES.practice);
  const around = { ...BROWSER, openSocket: () => host.openSocket() };
  const app = await openAppOn({ ...page, navigation: new PracticeNavigation() }, database, 'practice', around);
  return new Practice(app, host, database);
}
