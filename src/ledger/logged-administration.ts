import { hashOf, type ProposalDocument, type ProposingDocument } from './decision-document.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What an entry about a change of Curfew itself says. */
export interface AdministrationEntry {
  readonly kind: string;
  /** Pseudonymous id of who did it. */
  readonly by: string;
  readonly facts: Fields;
  readonly subjects: Fields;
}

/** A proposal as the log made it. */
interface LoggedProposal {
  readonly change: string;
  readonly by: string;
}

/**
 * Verifies from the entries alone that what admins change is what was proposed by one human, confirmed once by another, and signed by each who
 * ever had a passkey.
 */
export class LoggedAdministration {
  readonly #proposals = new Map<string, LoggedProposal>();
  /** What was decided, and as what. */
  readonly #decided = new Map<string, { readonly kind: string; readonly change: string }>();
  /** Who ever had a passkey: whoever has none any more is no newcomer. */
  readonly #hadPasskey = new Set<string>();
  /** Who are one human, by each of them: every id of that human, the own one too. */
  readonly #humans = new Map<string, ReadonlySet<string>>();
  #isWhole = true;
  /** What was said to be signed, or not, at least once: since then it is always said. */
  readonly #said = new Set<'proposed' | 'confirmed'>();
  #saidChange = false;
  #mergesAreProposed = false;

  /** Notes that an entry was not shown to whoever verifies: what does not come before may have been there. */
  withhold(): void {
    this.#isWhole = false;
  }

  /** Notes that somebody has a passkey. */
  register(person: string): void {
    this.#hadPasskey.add(person);
  }

  /** `signed`: the document whose signature was verified; `null`: nobody signed it. */
  propose(entry: AdministrationEntry, signed: ProposingDocument | null = null): string | null {
    const { by, facts, subjects } = entry;
    const id = textOf(facts['proposal']);
    const change = hashOf(changeOf(facts, subjects));
    this.#mergesAreProposed ||= facts['action'] === 'merge';
    if (this.#proposals.has(id) || this.#decided.has(id)) return 'a change is proposed twice';
    this.#proposals.set(id, { change, by });
    if (signed === null) return this.#unsigned('proposed', entry);
    this.#said.add('proposed');
    return signed.proposal === id && hashOf(signed.change) === change ? null : OTHER_DOCUMENT;
  }

  /** `signed`: the document whose signature was verified; `null`: nobody signed it. */
  decide(entry: AdministrationEntry, signed: ProposalDocument | null = null): string | null {
    const { kind, by, facts, subjects } = entry;
    const id = textOf(facts['proposal']);
    const change = hashOf(changeOf(facts, subjects));
    const proposal = this.#proposals.get(id);
    if (this.#decided.has(id)) return 'a change that was proposed is decided twice';
    this.#decided.set(id, { kind, change });
    if (proposal === undefined) {
      if (this.#isWhole) return 'a change is decided that was never proposed';
    } else if (proposal.change !== change) return 'a change is decided that is another one than was proposed';
    if (kind !== 'administration.confirmed') return null;
    if (proposal !== undefined && this.#humanOf(by).has(proposal.by))
      return 'a change is confirmed by whoever proposed it';
    return signed === null ? this.#unsigned('confirmed', entry) : this.#compare(signed, id, change);
  }

  /** Entries of before say nothing of a signature: nobody was asked for one. */
  #unsigned(done: 'proposed' | 'confirmed', { by, facts }: AdministrationEntry): string | null {
    if (facts['signed'] !== false)
      return this.#said.has(done) ? `a change is ${done}, and nothing says whether it was signed` : null;
    this.#said.add(done);
    const had = [...this.#humanOf(by)].some((id) => this.#hadPasskey.has(id));
    return had ? `an admin who had a passkey ${done} without it` : null;
  }

  #humanOf(person: string): ReadonlySet<string> {
    return this.#humans.get(person) ?? new Set([person]);
  }

  #compare(signed: ProposalDocument, id: string, change: string): string | null {
    this.#said.add('confirmed');
    if (signed.proposal !== id) return OTHER_DOCUMENT;
    // Whoever signed one of version 1 was not told by it what it changes. Nobody is asked to any more.
    if (signed.change === undefined) return this.#saidChange ? 'what was signed does not say what it changes' : null;
    this.#saidChange = true;
    return hashOf(signed.change) === change ? null : OTHER_DOCUMENT;
  }

  /** Whether two persons became one as it was confirmed. One admin did that before changes were proposed. */
  merge({ facts, subjects }: AdministrationEntry): string | null {
    const human = new Set([subjects['person'], facts['with']].flatMap((id) => [...this.#humanOf(textOf(id))]));
    for (const id of human) this.#humans.set(id, human);
    if (facts['proposal'] === undefined && !this.#mergesAreProposed) return null;
    const decided = this.#decided.get(textOf(facts['proposal']));
    const change = hashOf(changeOf({ ...facts, action: 'merge' }, subjects));
    if (decided === undefined ? !this.#isWhole : decided.change === change && isConfirmed(decided)) return null;
    return 'two persons are merged, and nobody confirmed it';
  }
}

function isConfirmed({ kind }: { readonly kind: string }): boolean {
  return kind === 'administration.confirmed';
}

export const OTHER_DOCUMENT = 'what was signed is not what the entry says';

/** What an entry says that is changed, as a document says it: the fields of its action, whatever they hold. */
function changeOf(facts: Fields, { person = null }: Fields): Fields {
  const { action = null } = facts;
  const said = (name: string) => facts[name] ?? null;
  if (action === 'merge') return { action, person, other: said('with'), grants: said('grants') };
  if (action === 'release') return { action, person, account: said('account') };
  return { action, person, role: said('role') };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
