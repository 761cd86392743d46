/** What a person reads about one error code: what happened, and what to do about it. */
export interface ErrorWords {
  readonly sentence: string;
  readonly next: string;
}
