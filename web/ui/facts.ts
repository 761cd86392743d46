/** A name and its value, as one line of a list of facts. */
export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly mono?: boolean;
  readonly note?: string | undefined;
}
