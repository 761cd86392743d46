// WCAG 2.2 AA on the screen as it stands; the rest of what is asked of screens is in access.ts.
export { expectAccessible } from './access.ts';
