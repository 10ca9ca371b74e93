/** What can survive the end of a grant. `maxMs`: for how long at most; 0: nothing survives; `null`: there is no bound. */
export interface Residual {
  readonly maxMs: number | null;
  readonly words: string;
}
