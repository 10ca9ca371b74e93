/** How much waits behind a page of the navigation, for those who see it and for those who hear it. */
export interface Waits {
  readonly count: string;
  /** Follows the name of the page. */
  readonly words: string;
}

/** `more`: not all of it was counted. `null`: nothing waits. */
export function waitsWords(waiting: number, more: boolean): Waits | null {
  if (waiting === 0) return null;
  const count = more ? `${waiting}+` : String(waiting);
  return {
    count,
    words: `${more ? `more than ${waiting}` : waiting} ${waiting === 1 && !more ? 'waits' : 'wait'} for you`,
  };
}
