import { isFields, parseJson, textOrNull } from './wire.ts';

/** A row of the server whose state the log must explain. */
export interface StateRow {
  readonly kind: string;
  readonly id: string;
  readonly state: string;
  /** RFC 3339; `null` for a request, and for a grant that never started. */
  readonly endsAt: string | null;
}

/** What the log says about a request or a grant: the last word before the rows were read, and every word since. */
interface Logged {
  readonly kind: string;
  readonly states: readonly string[];
  readonly ends: readonly (string | null)[];
}

const STATES =
  /^(request|grant)\.(pending|submitted|approved|denied|withdrawn|lapsed|scheduled|activating|active|extended|ending|ended|failed)$/;

/** After these nothing happens any more, so that a row may be gone. */
const FINAL: ReadonlySet<string> = new Set(['approved', 'denied', 'withdrawn', 'lapsed', 'ended', 'failed']);

/**
 * The state and the end that the log gives to each request and each grant, to compare rows with.
 *
 * Rows change while they are read. So the log is read first, to its end; then the rows; then what the log has got since. A row must
 * have what the log said last at the first reading, or something that it has said since: a state of long ago is not explained by
 * having been true once.
 */
export class LoggedStates {
  readonly #logged = new Map<string, Logged>();
  #isFollowing = false;

  /** Notes what an entry says; in the order of the log. */
  learn(body: string): void {
    const entry = parseJson(body);
    if (!isFields(entry) || !isFields(entry['subjects'])) return;
    const [, kind = '', word = ''] = STATES.exec(textOrNull(entry, 'kind') ?? '') ?? [];
    const id = textOrNull(entry['subjects'], kind);
    if (id === null) return;
    const before = this.#logged.get(id) ?? { kind, states: [], ends: [null] };
    // An extension moves the end and leaves the state as it was.
    const state = word === 'submitted' ? 'pending' : word === 'extended' ? (before.states.at(-1) ?? 'active') : word;
    const endsAt = isFields(entry['facts']) ? textOrNull(entry['facts'], 'endsAt') : null;
    this.#logged.set(id, {
      kind,
      states: this.#isFollowing ? [...before.states, state] : [state],
      ends: endsAt === null ? before.ends : this.#isFollowing ? [...before.ends, endsAt] : [endsAt],
    });
  }

  /** From here on the rows are read, and what is learned comes on top of what was said last. */
  follow(): void {
    this.#isFollowing = true;
  }

  /** Says in which way the log contradicts a row, in words; `null` when it explains it. */
  contradiction(row: StateRow): string | null {
    const logged = this.#logged.get(row.id);
    const last = logged?.states.at(-1);
    if (logged === undefined || last === undefined) return `is ${row.state}, which the log does not say`;
    if (!logged.states.includes(row.state))
      return `is ${row.state}, which the log does not say: its last word is ${last}`;
    if (logged.ends.includes(row.endsAt)) return null;
    return `ends at ${row.endsAt ?? 'no time'}, which the log does not say: its last word is ${logged.ends.at(-1) ?? 'no time'}`;
  }

  /** What is not over by the log and has no row. */
  withoutRow(
    rows: readonly StateRow[],
  ): readonly { readonly kind: string; readonly id: string; readonly state: string }[] {
    const present = new Set(rows.map((row) => row.id));
    return [...this.#logged].flatMap(([id, { kind, states }]) => {
      const [state = ''] = states;
      return present.has(id) || FINAL.has(state) ? [] : [{ kind, id, state }];
    });
  }
}
