// Finding a launch among thousands by what stands in the list: its name, its platform, its state.
import { words } from '../../strings/index.ts';
import { type LaunchSummary, needsAttention } from '../record/launch-summary.ts';

/** `any` is every state, `attention` those that wait for a person. */
export type StateFilter = LaunchSummary['state'] | 'any' | 'attention';

export interface Wanted {
  /** Every word of it has to occur. Accents and capitals do not matter. */
  readonly query: string;
  readonly state: StateFilter;
  /** A platform's id; of all, without one. */
  readonly platformId?: string | undefined;
}

/** Most names need no more than small letters. */
const plain = (text: string): string =>
  (/^[ -~]*$/.test(text) ? text : text.normalize('NFKD').replace(/\p{M}/gu, '')).toLowerCase();

/** Worked out once a summary: it is thrown away with it. */
const texts = new WeakMap<LaunchSummary, string>();

function textOf(launch: LaunchSummary): string {
  const known = texts.get(launch);
  if (known !== undefined) return known;
  const text = plain(`${launch.name} ${launch.platformName} ${words.launch.states[launch.state]}`);
  texts.set(launch, text);
  return text;
}

/** The launches that are wanted, in the order of the list. */
export function searchLaunches(
  launches: readonly LaunchSummary[],
  { query, state, platformId }: Wanted,
): readonly LaunchSummary[] {
  const parts = plain(query)
    .split(/\s+/)
    .filter((part) => part !== '');
  return launches.filter(
    (launch) =>
      (state === 'any' || (state === 'attention' ? needsAttention(launch) : launch.state === state)) &&
      (platformId === undefined || launch.platformId === platformId) &&
      (parts.length === 0 || parts.every((part) => textOf(launch).includes(part))),
  );
}

/** Remembers the last search: who types on looks only into what was found so far. */
export class LaunchSearch {
  #last: { launches: readonly LaunchSummary[]; wanted: Wanted; found: readonly LaunchSummary[] } | undefined;

  find(launches: readonly LaunchSummary[], wanted: Wanted): readonly LaunchSummary[] {
    const last = this.#last;
    const goesOn =
      last?.launches === launches &&
      last.wanted.state === wanted.state &&
      last.wanted.platformId === wanted.platformId &&
      plain(wanted.query).startsWith(plain(last.wanted.query));
    const found = searchLaunches(goesOn ? last.found : launches, wanted);
    this.#last = { launches, wanted, found };
    return found;
  }
}

const AT_ONCE = 1000;

/**
 * Works out what searches look into before anybody searches, a little at a time.
 * @returns the way to stop
 */
export function prepareSearch(launches: readonly LaunchSummary[]): () => void {
  let next = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const goOn = (): void => {
    for (const launch of launches.slice(next, next + AT_ONCE)) textOf(launch);
    next += AT_ONCE;
    if (next < launches.length) timer = setTimeout(goOn);
  };
  timer = setTimeout(goOn);
  return () => clearTimeout(timer);
}

/** The platforms that have launches, by name. */
export function platformsOf(launches: readonly LaunchSummary[]): readonly { id: string; name: string }[] {
  const names = new Map<string, string>();
  for (const { platformId, platformName } of launches) {
    if (!names.has(platformId)) names.set(platformId, platformName);
  }
  return [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}
