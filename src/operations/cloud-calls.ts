import type { GrantId } from '../core/ids.ts';
import { proofWords, type Proof } from '../core/proof.ts';
import { after, fromIso, type Instant } from '../core/time.ts';
import type { BindingSpec, Provider } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { EntryBody } from './entry-words.ts';
import { methodFor } from './grant-shape.ts';
import type { RequestView } from './views.ts';
import type { World } from './world.ts';

/** What a cloud is told for one item of a request: beforehand in the words of its provider, and afterwards as the log has it. */
export interface CloudCalls {
  readonly role: string;
  readonly target: string;
  readonly grant: GrantId | null;
  /** What makes the access, or moves its end to later; with the grant's own name and times once its clock has started. `null`: nobody can say. */
  readonly atStart: string | null;
  /** What takes it away. `null`: it is over, or only its end is moved. */
  readonly atEnd: string | null;
  /** What was called and what came of it, oldest first. */
  readonly called: readonly Called[];
}

/** An entry of the log about calls to a cloud, in words. */
export interface Called {
  readonly at: string;
  readonly kind: string;
  readonly text: string;
  /** What the log keeps of the cloud at this. */
  readonly cloud: Readonly<Record<string, unknown>>;
}

/** Facts of an entry that are about the cloud itself. */
const ABOUT_CLOUD = [
  'fingerprint',
  'fingerprints',
  'policyHash',
  'expiresAt',
  'standing',
  'proof',
  'evidence',
] as const;

type Known = Pick<World, 'rules' | 'providers' | 'clock'>;

/**
 * The calls to clouds for a request: none for one that is over and came to no grant. `bodies`: the entries about it and its grants, oldest
 * first. Nothing is called.
 */
export function cloudCalls(
  world: Known,
  view: Pick<RequestView, 'id' | 'status' | 'items' | 'extends'>,
  grants: readonly GrantRecord[],
  bodies: readonly EntryBody[],
): readonly CloudCalls[] {
  if (view.extends === null && view.status === 'pending')
    return view.items.map(({ role, target, plan }) => {
      const atEnd = plan === null ? null : plannedEnd(world, role, target);
      return { role, target, grant: null, atStart: plan, atEnd, called: [] };
    });
  return grants.flatMap((grant) => {
    const own = bodies.filter(({ subjects }) => subjects['grant'] === grant.id);
    const { role, target } = grant.definition;
    const about = { role: role.name, target: target.key, grant: grant.id };
    if (view.extends !== null) {
      const called = own.filter(({ subjects }) => subjects['request'] === view.id).flatMap(calledIn);
      const never = view.extends.status === 'closed' || view.extends.status === 'ended-first';
      if (never && called.length === 0) return [];
      return [{ ...about, atStart: laterEnd(world, view.extends, grant), atEnd: null, called }];
    }
    const [atStart, atEnd] = [startOf(world, grant, own), endOf(world, grant, own)];
    return [{ ...about, atStart, atEnd, called: own.flatMap(calledIn) }];
  });
}

/** How a method takes access away, as the engine does it: it looks first, and calls only for what is still there. */
function endWords(provider: Provider | undefined, binding: Pick<BindingSpec, 'method' | 'role'>): string | null {
  const declared = provider?.methods[binding.method];
  if (declared === undefined) return null;
  const [mildest, ...stronger] = declared.rungs;
  const endedBy = provider?.endedBy?.(binding) ?? declared.endedBy;
  const byItself =
    endedBy === 'broker' ? 'it is still there' : 'it has ended by itself, as the cloud was told at the start';
  return [
    `At its time: look whether ${byItself}.`,
    ...(mildest === undefined ? [] : [`If it is still there, and at an early end: ${mildest}.`]),
    ...stronger.map((rung) => `If that does not help: ${rung}.`),
    'Then look whether it is gone.',
  ].join(' ');
}

function plannedEnd({ rules, providers }: Known, roleName: string, targetKey: string): string | null {
  const { policy } = rules.current();
  const [role, target] = [policy.roles.get(roleName), policy.vocabulary.targets.get(targetKey)];
  const method = role === undefined || target === undefined ? null : methodFor(role, target.provider);
  if (role === undefined || target === undefined || method === null) return null;
  return endWords(providers.get(target.provider), { method, role });
}

/** What ends a grant that is not over. What was there before Curfew is left as it is. */
function endOf(
  { providers }: Known,
  { state, provider, method, definition: { role } }: GrantRecord,
  own: readonly EntryBody[],
): string | null {
  if (state.kind === 'ended' || state.kind === 'failed') return null;
  const made = own.findLast(({ kind }) => kind === 'grant.active' || kind === 'grant.extended');
  if (made?.facts['standing'] === true)
    return 'Look whether the access still stands as it did before Curfew. If it does, nothing is removed.';
  return endWords(providers.get(provider), { method, role });
}

/** With the times that the log has of its start: its end may be another one since. */
function startOf(world: Known, grant: GrantRecord, own: readonly EntryBody[]): string | null {
  const begun = own.find(({ kind }) => kind === 'grant.activating')?.facts;
  const [from, until] = [instantIn(begun, 'activatedAt'), instantIn(begun, 'endsAt')];
  if (from !== null && until !== null) return planWords(world, grant, from, until);
  const now = world.clock.now();
  const at = grant.startsAt > now || grant.state.kind !== 'scheduled' ? grant.startsAt : now;
  const words = planWords(world, grant, at, after(at, grant.durationMs));
  return words === null || at === grant.startsAt ? words : `If it begins now: ${words}`;
}

/** The same calls once more, with the later end, unless it was never to be written. */
function laterEnd(
  world: Known,
  { until, status }: NonNullable<RequestView['extends']>,
  grant: GrantRecord,
): string | null {
  const end = fromIso(until);
  const { activatedAt } = grant;
  if (end === null || activatedAt === null || status === 'ended-first' || status === 'closed') return null;
  return planWords(world, grant, activatedAt, end);
}

function planWords({ providers }: Known, grant: GrantRecord, activatedAt: Instant, endsAt: Instant): string | null {
  const { id, slot, method, principal, definition } = grant;
  const plan = providers
    .get(grant.provider)
    ?.plan({ slot, method, principal, ...definition, grant: id, activatedAt, endsAt });
  return plan?.ok === true ? plan.words : null;
}

/** An entry about calls, in words that say what was called and what came of it; nothing for an entry without any. */
function calledIn(body: EntryBody): readonly Called[] {
  const text = callWords(body);
  return text === null ? [] : [{ at: body.at, kind: body.kind, text, cloud: cloudFacts(body) }];
}

function callWords({ kind, facts }: EntryBody): string | null {
  const say = (name: string): string => {
    const value = facts[name];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  };
  // What the cloud said of a fault stands in the entry.
  const why = say('text') || say('fault');
  const because = why === '' ? '.' : `: ${why}`;
  const standing = facts['standing'] === true;
  switch (kind) {
    case 'grant.activating':
      return standing ? null : 'The calls of the start began.';
    case 'grant.active':
      return standing
        ? 'Nothing was called: the same access was there before Curfew.'
        : 'They were answered, and the access can be used.';
    case 'credential.issued':
      return `A credential was made, usable until ${say('usableUntil')}.`;
    case 'console.opened':
      return 'A sign-in to the console was made.';
    case 'grant.extending':
      return standing ? null : `The calls for the later end ${say('until')} began.`;
    case 'grant.extended':
      return standing
        ? 'Nothing was called: nothing of Curfew ends it.'
        : `The cloud has the later end ${say('endsAt')}.`;
    case 'grant.not-extended':
      return `The later end was given up${because}`;
    case 'grant.ending':
      return `Its end began (${say('cause')}${say('fault') === '' ? '' : `: ${say('fault')}`}).`;
    case 'grant.ended':
      return proofIn(facts);
    case 'grant.failed':
      return `It did not become usable${because} ${proofIn(facts)}`;
    case 'grant.tidied':
      return 'The removal of what earlier access had left there began.';
    default:
      return null;
  }
}

/** The facts of an entry that are about the cloud, as they stand in the log. */
export function cloudFacts({ facts }: Pick<EntryBody, 'facts'>): Called['cloud'] {
  return Object.fromEntries(ABOUT_CLOUD.flatMap((name) => (name in facts ? [[name, facts[name]]] : [])));
}

function proofIn({ proof, evidence }: EntryBody['facts']): string {
  const known =
    typeof evidence === 'object' && evidence !== null ? (evidence as Readonly<Record<string, unknown>>) : {};
  return proofWords({ kind: proof as Proof['kind'], evidence: known }).words;
}

function instantIn(facts: EntryBody['facts'] | undefined, name: string): Instant | null {
  const text = facts?.[name];
  return typeof text === 'string' ? fromIso(text) : null;
}
