import { createHash } from 'node:crypto';
import {
  lossBetween,
  SourceFault,
  takenCounts,
  type TakenCount,
  type DirectorySource,
  type Loss,
  type SourceFaultKind,
  type SourceStatus,
  type SourceSummary,
} from '../core/directory-source.ts';
import type { Instant } from '../core/time.ts';
import { checkDocument } from '../policy/documents/check-document.ts';
import { readDocuments, type SourceDocument } from '../policy/documents/read-documents.ts';
import type { PolicyProblem, SourceFile } from '../policy/types.ts';
import { unlessSame } from './unless-same.ts';

/** The documents of people beside the rules are a source like the others. */
export const RULES_SOURCE = 'rules';
/** They are read every two seconds; after this long something is wrong with reading them. */
const RULES_STALE_AFTER_MS = 15 * 60_000;

/** A snapshot of one source that is sound and was taken over, or is about to be. */
export interface SourceSnapshot {
  readonly source: string;
  /** Hash of who and what is in it; not of the moment. */
  readonly version: string;
  readonly takenAt: Instant;
  readonly documents: readonly SourceFile[];
  readonly summary: SourceSummary;
}

/** A loss that an alarm is about, and the word by which a person confirms it. */
export interface SourceLoss extends Loss {
  readonly source: string;
  readonly confirm: string;
  readonly confirmed: boolean;
  /** How many people the source had. */
  readonly of: number;
}

/** What the sources gave in one round. Nothing of it counts until {@link DirectorySync.accept}. */
export interface Gathered {
  /** The newest snapshots that may be taken over, of all sources. */
  readonly candidates: readonly SourceSnapshot[];
  readonly losses: readonly SourceLoss[];
  /** The documents of the rules are held back, and with them everything that was written beside them. */
  readonly rulesHeld: PolicyProblem | null;
  /** The documents of the other sources: new ones, or the last good ones. */
  readonly others: readonly SourceFile[];
}

/** Keeps the last good snapshot of each source, and judges newer ones. */
export interface DirectorySync {
  gather(rules: readonly SourceFile[], now: Instant): Promise<Gathered>;
  /** The last good documents of the sources beside the rules. */
  lastGood(): readonly SourceFile[];
  /** The same of the rules' own documents of people. */
  lastGoodOfRules(): readonly SourceFile[];
  accept(candidates: readonly SourceSnapshot[]): void;
  /** Newer documents of these sources made the whole unsound: they stay out until they change. */
  reject(candidates: readonly SourceSnapshot[]): void;
  isChanged(candidate: SourceSnapshot): boolean;
  status(now: Instant): readonly SourceStatus[];
}

interface Known {
  good: SourceSnapshot | null;
  failure: SourceFaultKind | null;
  loss: SourceLoss | null;
  /** The version that made the whole unsound. */
  rejected: string | null;
}

/** `kept`: the last good snapshots of an earlier run. */
export function createDirectorySync(
  sources: readonly DirectorySource[],
  kept: readonly Omit<SourceSnapshot, 'summary'>[],
): DirectorySync {
  const known = new Map<string, Known>();
  const readRules = unlessSame(peopleOfRules);
  const readSource = new Map(sources.map(({ name }) => [name, unlessSame(onlyPeople)]));
  for (const name of [RULES_SOURCE, ...sources.map((source) => source.name)]) {
    const row = kept.find((one) => one.source === name);
    const good = row === undefined ? null : { ...row, summary: summaryOf(peopleIn(row.documents)) };
    known.set(name, { good, failure: null, loss: null, rejected: null });
  }
  const of = (name: string): Known => known.get(name) ?? { good: null, failure: null, loss: null, rejected: null };

  /** The newest of a source, if it may be taken over. */
  function judge(candidate: SourceSnapshot, confirmed: ReadonlySet<string>): SourceSnapshot | null {
    const state = of(candidate.source);
    const loss = state.good === null ? null : lossBetween(state.good.summary, candidate.summary);
    state.loss = loss === null || state.good === null ? null : named(state.good, loss, confirmed);
    return state.loss === null || state.loss.confirmed ? candidate : null;
  }

  async function read(source: DirectorySource, confirmed: ReadonlySet<string>, now: Instant) {
    const state = of(source.name);
    try {
      const { takenAt, documents } = await source.read(now);
      const people = (readSource.get(source.name) ?? onlyPeople)(documents);
      const candidate = snapshotOf(source.name, takenAt, documents, people);
      // An old export that is put back would bring back whoever has left since.
      if (state.good !== null && takenAt < state.good.takenAt)
        throw new SourceFault('older', 'the export is older than the one in force');
      if (state.good === null && candidate.summary.people.size === 0) throw new SourceFault('empty', 'nobody is in it');
      if (candidate.version === state.rejected)
        throw new SourceFault('unsound', 'it does not fit the rules and the other sources');
      state.failure = null;
      return judge(candidate, confirmed);
    } catch (error) {
      state.failure = error instanceof SourceFault ? error.kind : 'unreadable';
      state.loss = null;
      return null;
    }
  }

  return {
    async gather(rules, now) {
      const { own, confirmed, broken } = readRules(rules);
      const ofRules = snapshotOf(RULES_SOURCE, now, asFiles(own), own);
      if (broken) of(RULES_SOURCE).loss = null;
      const sound = broken ? null : judge(ofRules, confirmed);
      const candidates = sound === null ? [] : [sound];
      const others: SourceFile[] = [];
      for (const source of sources) {
        const candidate = await read(source, confirmed, now);
        if (candidate !== null) candidates.push(candidate);
        others.push(...((candidate ?? of(source.name).good)?.documents ?? []));
      }
      const losses = [...known.values()].flatMap(({ loss }) => loss ?? []);
      const held = losses.find((one) => one.source === RULES_SOURCE && !one.confirmed);
      return { candidates, losses, rulesHeld: held === undefined ? null : problemOf(held, own), others };
    },
    lastGood: () => sources.flatMap(({ name }) => of(name).good?.documents ?? []),
    lastGoodOfRules: () => of(RULES_SOURCE).good?.documents ?? [],
    accept(candidates) {
      for (const candidate of candidates)
        Object.assign(of(candidate.source), { good: candidate, loss: null, rejected: null });
    },
    reject(candidates) {
      for (const { source, version } of candidates)
        Object.assign(of(source), { failure: 'unsound', rejected: version });
    },
    isChanged: (candidate) => of(candidate.source).good?.version !== candidate.version,
    status: (now) =>
      [...known].map(([name, { good, failure, loss }]) => {
        const staleAfterMs = sources.find((source) => source.name === name)?.staleAfterMs ?? RULES_STALE_AFTER_MS;
        return {
          name,
          version: good?.version ?? null,
          takenAt: good?.takenAt ?? null,
          stale: good !== null && now - good.takenAt > staleAfterMs,
          failure,
          held: loss === null || loss.confirmed ? null : { ...countsOf(loss), confirm: loss.confirm },
        };
      }),
  };
}

type Held = NonNullable<SourceStatus['held']>;

/** A loss in numbers, without the people whom it is about. */
export function countsOf(loss: SourceLoss): Omit<Held, 'confirm'> {
  return { lost: loss.lost.length, of: loss.of, emptied: loss.emptied, taken: takenCounts(loss) };
}

/** What an operator reads about a held sync: how many it would remove, of how many. */
export function heldWords(source: string, { lost, of, emptied, taken }: Omit<Held, 'confirm'>): string {
  const would = [
    ...(lost === 0 && emptied.length + taken.length > 0 ? [] : [`remove ${lost} of ${of} people`]),
    ...(emptied.length === 0 ? [] : [`empty ${emptied.map((name) => `"${name}"`).join(', ')}`]),
    ...taken.map(takenWords),
  ];
  return `the newest people of "${source}" are not taken over: they would ${would.join(' and ')}`;
}

function takenWords({ what, provider, group, from, of }: TakenCount): string {
  if (what === 'group') return `take ${from} of ${of} people out of "${group}"`;
  if (what === 'contractor') return `make ${from} of ${of} contractors employees`;
  return what === 'manager'
    ? `take the manager from ${from} of ${of} people`
    : `take or change the account "${provider}" of ${from} of ${of} people`;
}

export function confirmHint(word: string): string {
  return `if that is right, write  confirm: [${word}]  into a document of kind directory of the rules`;
}

function problemOf(loss: SourceLoss, own: readonly SourceDocument[]): PolicyProblem {
  return {
    file: own[0]?.file ?? '',
    line: 1,
    column: 1,
    message: heldWords(loss.source, countsOf(loss)),
    hint: confirmHint(loss.confirm),
  };
}

function named(good: SourceSnapshot, loss: Loss, confirmed: ReadonlySet<string>): SourceLoss {
  // The version that it would replace is part of the word: what was confirmed once is not confirmed for ever.
  const { lost, emptied, shrunk, accounts, managers, contractors } = loss;
  const taken = [[...accounts], managers, [...shrunk], contractors];
  const text = JSON.stringify([good.source, good.version, lost, emptied, ...taken]);
  const confirm = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { ...loss, source: good.source, confirm, confirmed: confirmed.has(confirm), of: good.summary.people.size };
}

/** The people that stand in the documents of the rules, and what an administrator confirmed there. */
function peopleOfRules(rules: readonly SourceFile[]) {
  const { documents, problems } = readDocuments(rules);
  const own = documents.filter(({ kind }) => kind === 'directory');
  const confirmed = new Set(own.flatMap(({ value }) => (value as { confirm?: readonly string[] }).confirm ?? []));
  // What is missing because a file is no YAML is not lost; that is refused with its line.
  return { own, confirmed, broken: problems.length > 0 };
}

/** The documents of a source beside the rules. It brings people: no rule, and nothing that an administrator decides. */
function onlyPeople(files: readonly SourceFile[]): readonly SourceDocument[] {
  const { documents, problems } = readDocuments(files);
  const isPeople = (one: SourceDocument): boolean =>
    one.kind === 'directory' && checkDocument(one).length === 0 && !decides(one.value as object);
  if (problems.length > 0 || !documents.every(isPeople))
    throw new SourceFault(
      'unsound',
      'it is no document of kind directory, or holds more than people, groups and rotations',
    );
  return documents;
}

function decides(value: object): boolean {
  return 'confirm' in value || 'departures' in value;
}

function peopleIn(files: readonly SourceFile[]): readonly SourceDocument[] {
  return readDocuments(files).documents.filter(({ kind }) => kind === 'directory');
}

interface Shape {
  readonly people?: Readonly<
    Record<
      string,
      {
        readonly active?: boolean;
        readonly accounts?: unknown;
        readonly manager?: unknown;
        readonly employment?: unknown;
      } | null
    >
  >;
  readonly groups?: Readonly<Record<string, { readonly members?: unknown; readonly groups?: unknown } | null>>;
  readonly rotations?: object;
}

function snapshotOf(
  source: string,
  takenAt: Instant,
  documents: readonly SourceFile[],
  people: readonly SourceDocument[],
): SourceSnapshot {
  const text = JSON.stringify(people.map(({ value }) => contentOf(value as Shape)));
  const version = createHash('sha256').update(text).digest('hex');
  return { source, takenAt, documents, version, summary: summaryOf(people) };
}

/** The documents of people alone, without whatever else stands in their files: what is kept for a start while they cannot be read. */
function asFiles(people: readonly SourceDocument[]): readonly SourceFile[] {
  return people.map(({ value }, index) => ({
    path: `last-good/${index}.yaml`,
    text: JSON.stringify({ kind: 'directory', ...contentOf(value as Shape), ...departuresOf(value) }),
  }));
}

function contentOf({ people, groups, rotations }: Shape) {
  return {
    ...(people === undefined ? {} : { people }),
    ...(groups === undefined ? {} : { groups }),
    ...(rotations === undefined ? {} : { rotations }),
  };
}

function departuresOf(value: unknown) {
  const { departures } = value as { readonly departures?: unknown };
  return departures === undefined ? {} : { departures };
}

/** Documents that are no sound directory yield what can be told of them; they are refused elsewhere. */
function summaryOf(documents: readonly SourceDocument[]): SourceSummary {
  const people = new Set<string>();
  const accounts = new Map<string, Map<string, string>>();
  const managed = new Set<string>();
  const contractors = new Set<string>();
  const written = new Map<string, { readonly members: readonly unknown[]; readonly groups: readonly unknown[] }>();
  for (const { value } of documents) {
    const shape = value as Shape;
    for (const [key, person] of Object.entries(shape.people ?? {})) {
      if (person?.active === false) continue;
      people.add(key);
      if (typeof person?.manager === 'string') managed.add(key);
      if (person?.employment === 'contractor') contractors.add(key);
      for (const [name, account] of Object.entries(person?.accounts ?? {}))
        accounts.set(name, (accounts.get(name) ?? new Map<string, string>()).set(key, String(account)));
    }
    for (const [name, group] of Object.entries(shape.groups ?? {}))
      written.set(name, { members: listOf(group?.members), groups: listOf(group?.groups) });
  }
  const membersOf = (name: string, above: ReadonlySet<string>): readonly string[] => {
    const group = written.get(name);
    if (group === undefined || above.has(name)) return [];
    const within = new Set([...above, name]);
    return [
      ...group.members.filter((one) => typeof one === 'string'),
      ...group.groups.flatMap((one) => (typeof one === 'string' ? membersOf(one, within) : [])),
    ];
  };
  const groups = new Map([...written.keys()].map((name) => [name, new Set(membersOf(name, new Set()))]));
  return { people, groups, accounts, managed, contractors };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
