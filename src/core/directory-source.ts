import type { Instant } from './time.ts';

/**
 * Where people, groups and rotations come from: files beside the rules, an export of another system, and whatever follows. A source gives
 * documents of kind directory, so that one reader judges all of them together and says where a mistake stands.
 */
export interface DirectorySource {
  /** A short name for logs, metrics and the database, `export`. */
  readonly name: string;
  /** How old a snapshot may be before everybody who decides by it is told. */
  readonly staleAfterMs: number;
  /** The people as they are now. Throws {@link SourceFault} when they cannot be read. */
  read(now: Instant): Promise<DirectoryReading>;
}

export interface DirectoryReading {
  /** When the source says that it was true. */
  readonly takenAt: Instant;
  readonly documents: readonly { readonly path: string; readonly text: string }[];
}

export const SOURCE_FAULTS = [
  'unreadable',
  'not-json',
  'no-time',
  'older',
  'from-the-future',
  'empty',
  'unsound',
] as const;
export type SourceFaultKind = (typeof SOURCE_FAULTS)[number];

/** A source that could not be read. The message is for operators and names nobody. */
export class SourceFault extends Error {
  readonly kind: SourceFaultKind;
  constructor(kind: SourceFaultKind, message: string) {
    super(message);
    this.name = 'SourceFault';
    this.kind = kind;
  }
}

/** Who is in one source: the keys of those who have not left, and of the members of each group, groups inside groups resolved. */
export interface SourceSummary {
  readonly people: ReadonlySet<string>;
  readonly groups: ReadonlyMap<string, ReadonlySet<string>>;
  /** What each account of those people is called, by the name of the provider and their key. */
  readonly accounts: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** The keys of those of them who have a manager. */
  readonly managed: ReadonlySet<string>;
  /** The keys of those of them who are contractors. */
  readonly contractors: ReadonlySet<string>;
}

/** Something that many people who are still there would lose. `of`: how many of them had it. Keys are sorted. */
export interface Taken {
  readonly from: readonly string[];
  readonly of: number;
}

/** What a newer snapshot of a source would take away and a person has to confirm. Keys are sorted. */
export interface Loss {
  readonly lost: readonly string[];
  /** Groups that lose all members although people of them are still there. */
  readonly emptied: readonly string[];
  /** Groups that keep some members and lose too many of those who are still there. */
  readonly shrunk: ReadonlyMap<string, Taken>;
  /** Accounts at these providers, which are gone or others now: whoever has them signs in no more, or somebody else does. */
  readonly accounts: ReadonlyMap<string, Taken>;
  /** Their managers, without another in their place; `null`: not so many. */
  readonly managers: Taken | null;
  /** They are contractors no more, though nobody else: rules that keep contractors out would let them in. `null`: not so many. */
  readonly contractors: Taken | null;
}

/** Fewer than this many people may always leave at once, and beyond it no more than this share. */
export const LEAVE_AT_ONCE = { people: 5, share: 0.2 };

/** A group may always lose fewer than this many of its members who are still there, and beyond it no more than this share. */
const LEAVE_A_GROUP = { people: 5, share: 0.5 };

/**
 * Whether a newer snapshot takes away so much that it is more likely a broken sync than people who left: everybody; five or more who are
 * more than a fifth; the accounts at a provider, the managers, or that they are contractors, of as many who are still there; or of a group
 * all members, or five or more who are more than half of those who are still there. `null`: it may be taken over.
 */
export function lossBetween(before: SourceSummary, next: SourceSummary): Loss | null {
  const lost = [...before.people].filter((key) => !next.people.has(key)).sort();
  // A group may have members who are people of another source: whoever did not stand here has not left.
  const isHere = (key: string): boolean => !before.people.has(key) || next.people.has(key);
  const everybody = before.people.size > 0 && next.people.size === 0;
  const many = tooMany(lost.length, before.people.size);
  const emptied = [...before.groups]
    .filter(([name, members]) => {
      const left = next.groups.get(name);
      if (members.size === 0 || (left !== undefined && left.size > 0)) return false;
      return [...members].some(isHere);
    })
    .map(([name]) => name)
    .sort();
  const shrunk = new Map<string, Taken>();
  for (const [name, members] of before.groups) {
    const left = next.groups.get(name);
    if (left === undefined || left.size === 0) continue;
    const taken = takenFrom(members, isHere, (key) => !left.has(key), LEAVE_A_GROUP);
    if (taken !== null) shrunk.set(name, taken);
  }
  const accounts = new Map<string, Taken>();
  for (const [name, had] of before.accounts) {
    const has = next.accounts.get(name);
    const taken = takenFrom(had.keys(), isHere, (key) => has?.get(key) !== had.get(key));
    if (taken !== null) accounts.set(name, taken);
  }
  const managers = takenFrom(before.managed, isHere, (key) => !next.managed.has(key));
  const contractors = takenFrom(before.contractors, isHere, (key) => !next.contractors.has(key));
  const isTaken = emptied.length + shrunk.size + accounts.size > 0 || managers !== null || contractors !== null;
  if (!everybody && !many && !isTaken) return null;
  return { lost, emptied, shrunk, accounts, managers, contractors };
}

function tooMany(lost: number, of: number, { people, share } = LEAVE_AT_ONCE): boolean {
  return lost >= people && lost > of * share;
}

/** What too many of those who are still there have lost; `null`: not so many. */
function takenFrom(
  had: Iterable<string>,
  isHere: (key: string) => boolean,
  isLost: (key: string) => boolean,
  bound = LEAVE_AT_ONCE,
): Taken | null {
  const still = [...had].filter(isHere);
  const from = still.filter(isLost).sort();
  return tooMany(from.length, still.length, bound) ? { from, of: still.length } : null;
}

/** How many people would lose something: the manager, that they are contractors, an account at the provider of this name, or their place in a group. */
export interface TakenCount {
  readonly what: 'manager' | 'contractor' | 'account' | 'group';
  readonly provider: string | null;
  readonly group: string | null;
  readonly from: number;
  readonly of: number;
}

/** What a loss takes from people who are still there, in numbers. */
export function takenCounts({
  accounts,
  managers,
  contractors,
  shrunk,
}: Pick<Loss, 'accounts' | 'managers' | 'contractors' | 'shrunk'>): readonly TakenCount[] {
  const count = (what: TakenCount['what'], { from, of }: Taken, names: Partial<TakenCount> = {}): TakenCount => ({
    ...{ what, provider: null, group: null, ...names },
    ...{ from: from.length, of },
  });
  return [
    ...[...shrunk].map(([group, taken]) => count('group', taken, { group })),
    ...[...accounts].map(([provider, taken]) => count('account', taken, { provider })),
    ...(managers === null ? [] : [count('manager', managers)]),
    ...(contractors === null ? [] : [count('contractor', contractors)]),
  ];
}

/** A source as operators see it. */
export interface SourceStatus {
  readonly name: string;
  /** `null`: nothing of it was ever accepted. */
  readonly version: string | null;
  readonly takenAt: Instant | null;
  readonly stale: boolean;
  /** Why the newest reading is not in force; `null`: it is. */
  readonly failure: SourceFaultKind | null;
  /** What the newest reading would take away, and the word that confirms it. */
  readonly held: {
    readonly confirm: string;
    readonly lost: number;
    readonly of: number;
    readonly emptied: readonly string[];
    readonly taken: readonly TakenCount[];
  } | null;
}
