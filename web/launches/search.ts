// Finding a launch among thousands by what stands in the list: its name, its platform, its state.
import { words } from '../strings/index.ts';
import { type LaunchSummary, needsAttention } from './launch-summary.ts';

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

/** The platforms that have launches, by name. */
export function platformsOf(launches: readonly LaunchSummary[]): readonly { id: string; name: string }[] {
  const names = new Map<string, string>();
  for (const { platformId, platformName } of launches) {
    if (!names.has(platformId)) names.set(platformId, platformName);
  }
  return [...names].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}
