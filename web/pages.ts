// The screens, each loaded when somebody goes there. All of them are on the device from the first visit on.
import type { Place } from './navigation.svelte.ts';

type PlaceOfOne = Extract<Place, { id: string }>['name'];

export const PAGES = {
  launches: () => import('./launches/list/LaunchesPage.svelte'),
  platforms: () => import('./platforms/PlatformsPage.svelte'),
  courier: () => import('./courier/CourierPage.svelte'),
  'carry-ownership': () => import('./courier/OwnershipCourierPage.svelte'),
  scan: () => import('./carry/ScanPage.svelte'),
  'take-in': () => import('./carry/TakeInPage.svelte'),
  ownership: () => import('./ownership/OwnershipPage.svelte'),
  audit: () => import('./launches/configuration/AuditPage.svelte'),
  connect: () => import('./platforms/ConnectPage.svelte'),
  library: () => import('./library/LibraryPage.svelte'),
  keys: () => import('./keys/KeysPage.svelte'),
  practice: () => import('./practice/PracticePage.svelte'),
  more: () => import('./MorePage.svelte'),
  about: () => import('./AboutPage.svelte'),
  unknown: () => import('./UnknownPage.svelte'),
} satisfies Record<Exclude<Place['name'], PlaceOfOne>, unknown>;

/** Screens of one record. */
export const PAGES_OF_ONE = {
  launch: () => import('./launches/page/LaunchPage.svelte'),
  platform: () => import('./platforms/PlatformPage.svelte'),
} satisfies Record<PlaceOfOne, unknown>;
