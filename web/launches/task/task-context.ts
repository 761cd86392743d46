// The launch under way, given to the parts of its page by context.
import { getContext, setContext } from 'svelte';
import type { LaunchTask } from './launch-task.svelte.ts';

const KEY = Symbol('launch');
export const provideTask = (task: LaunchTask): LaunchTask => setContext(KEY, task);
export const useTask = (): LaunchTask => getContext<LaunchTask>(KEY);
