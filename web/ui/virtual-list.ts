import type { Snippet } from 'svelte';

/** What a list of any length needs: rows of one height, each drawn when it is seen. */
export interface VirtualListProps<T> {
  readonly items: readonly T[];
  /** In rem, so that rows grow with the text. */
  readonly rowHeight: number;
  readonly label: string;
  readonly row: Snippet<[T]>;
}
