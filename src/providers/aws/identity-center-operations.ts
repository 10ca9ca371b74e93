import { after, type Instant } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault } from '../contract.ts';
import type { IdentityCenterClient } from './identity-center-client.ts';
import { LONGEST_WAIT_MS, tooMuch } from './identity-center-quota.ts';
import {
  beginOperation,
  describeOperation,
  OPERATIONS,
  runningOperations,
  wordsOf,
  type Asked,
  type OperationKind,
  type Status,
  type Wanted,
} from './identity-center-statuses.ts';

interface Begun extends Wanted {
  readonly requestId: string;
  readonly at: Instant;
}

/** Of all kinds together, beyond which AWS refuses (IAM Identity Center quotas: 10 outstanding; another page says 15). */
export const OUTSTANDING = 10;
/** What runs is asked at most so often while somebody waits for room, and while somebody waits for an operation of their own. */
const LOOK_FOR_ROOM_MS = 250;
const LOOK_MS = 700;
const WAIT_MS = 25;
/** After a refusal because of too many, nothing is begun for so long. */
const FULL_MS = 250;
/** That an operation has succeeded is remembered for so long: lists may not show it yet. */
const SUCCEEDED_MS = 5_000;
/** What nobody has asked after for so long is forgotten. */
const FORGET_MS = 900_000;

/** What AWS said is IN_PROGRESS; `at` is when the question left, so nothing that began later is in it. */
interface Look {
  readonly at: Instant;
  readonly ids: ReadonlySet<string>;
}

/**
 * The asynchronous operations of one instance: begins them within AWS's limits, ends first, and knows how those that this process began
 * stand. AWS is asked what runs, so what other processes began counts as well.
 */
export class Operations {
  readonly #client: IdentityCenterClient;
  readonly #clock: Clock;
  readonly #outstanding: number;
  readonly #begun = new Map<string, Begun>();
  /** What became of operations: a success until lists show it, a failure until somebody has taken note of it. */
  readonly #over = new Map<
    string,
    Pick<Status, 'state' | 'reason'> & { readonly grant: string | null; readonly until: Instant }
  >();
  /** Creations that this process did not begin, by request. */
  readonly #foreign = new Map<string, Status>();
  readonly #looks = new Map<OperationKind, Look>();
  readonly #looking = new Map<OperationKind, { readonly at: Instant; readonly answer: Promise<Look> }>();
  #beginning: Wanted[] = [];
  /** Why they wait: for room, or only for what runs in their own account. */
  readonly #endsWaiting = new Map<Wanted, 'busy' | 'full'>();
  #fullUntil: Instant | null = null;

  constructor(client: IdentityCenterClient, clock: Clock, outstanding = OUTSTANDING) {
    this.#client = client;
    this.#clock = clock;
    this.#outstanding = outstanding;
  }

  /**
   * Begins an operation as soon as nothing else runs for its account and permission set and AWS takes one more, unless the last look before
   * that says that it is not needed. Throws `conflict` or `throttled`, with nothing begun, when that is not soon; and faults.
   */
  async begin(
    wanted: Wanted,
    asked: Asked,
    needless: (ahead: Asked) => Promise<boolean>,
  ): Promise<'begun' | 'needless'> {
    const until = after(this.#clock.now(), LONGEST_WAIT_MS);
    try {
      for (;;) {
        const obstacle = this.#obstacle(wanted, asked);
        this.#endsWaiting.delete(wanted);
        if (obstacle === null) break;
        if (asked.lane === 'end') this.#endsWaiting.set(wanted, obstacle);
        if (asked.call.signal.aborted || this.#clock.now() >= until) throw notNow(wanted, obstacle);
        await this.#clock.sleep(WAIT_MS, asked.call.signal);
        await this.#lookAtAll(wanted.instanceArn, asked);
      }
    } finally {
      this.#endsWaiting.delete(wanted);
    }
    const ahead: Asked = asked.lane === 'end' ? asked : { ...asked, lane: 'begin' };
    // From here to the end of this turn of the event loop nobody else could have come in between.
    this.#beginning.push(wanted);
    try {
      if (await needless(ahead)) return 'needless';
      const status = await beginOperation(this.#client, wanted, ahead);
      const at = this.#clock.now();
      this.#begun.set(status.requestId, { ...wanted, requestId: status.requestId, at });
      this.#over.delete(keyOf(wanted));
      // It was made, but it is not there for long.
      if (wanted.kind === 'delete') this.#over.delete(keyOf({ ...wanted, kind: 'create' }));
      return 'begun';
    } catch (error) {
      if (error instanceof ProviderFault && error.kind === 'throttled')
        this.#fullUntil = after(this.#clock.now(), FULL_MS);
      throw error;
    } finally {
      this.#beginning = this.#beginning.filter((one) => one !== wanted);
    }
  }

  /** Whether an operation of this kind runs that this process began for the same; asks AWS what runs, and no more. Throws faults. */
  async running(wanted: Omit<Wanted, 'grant'>, asked: Asked): Promise<boolean> {
    const known = this.#known(wanted);
    if (known === undefined) return false;
    const look = await this.#look(known.kind, known.instanceArn, asked, after(this.#clock.now(), -LOOK_MS));
    return look.at <= known.at || look.ids.has(known.requestId);
  }

  /**
   * How the latest operation of this kind stands that this process began for the same grant; `null`: none that is remembered. Throws faults.
   */
  async standing(wanted: Wanted, asked: Asked): Promise<Pick<Status, 'state' | 'reason'> | null> {
    const key = keyOf(wanted);
    const known = this.#known(wanted);
    if (known?.grant !== wanted.grant) {
      const over = this.#over.get(key);
      return over?.grant === wanted.grant && this.#clock.now() < over.until ? over : null;
    }
    if (await this.running(wanted, asked)) return { state: 'running', reason: '' };
    const status = await describeOperation(this.#client, known, asked);
    if (status.state === 'running') return status;
    this.#begun.delete(known.requestId);
    const rememberMs = status.state === 'succeeded' ? SUCCEEDED_MS : FORGET_MS;
    this.#over.set(key, { ...status, grant: known.grant, until: after(this.#clock.now(), rememberMs) });
    return status;
  }

  #known(wanted: Omit<Wanted, 'grant'>): Begun | undefined {
    const key = keyOf(wanted);
    return [...this.#begun.values()].findLast((one) => keyOf(one) === key);
  }

  /** Whether this process has just made an assignment, so that a list which does not show it is late. */
  madeJustNow(wanted: Omit<Wanted, 'kind' | 'grant'>): boolean {
    return this.#succeededJustNow({ ...wanted, kind: 'create' });
  }

  /** The same of a removal, for a list that still shows it. */
  removedJustNow(wanted: Omit<Wanted, 'kind' | 'grant'>): boolean {
    return this.#succeededJustNow({ ...wanted, kind: 'delete' });
  }

  #succeededJustNow(wanted: Omit<Wanted, 'grant'>): boolean {
    const over = this.#over.get(keyOf(wanted));
    return over?.state === 'succeeded' && this.#clock.now() < over.until;
  }

  /** Whether this process brings a permission set to any account just now: AWS lets nobody edit it meanwhile. Throws faults. */
  async provisioning(permissionSetArn: string, asked: Asked): Promise<boolean> {
    const ours = [...this.#begun.values()].filter(
      (one) => one.kind === 'provision' && one.permissionSetArn === permissionSetArn,
    );
    if (this.#beginning.some((one) => one.kind === 'provision' && one.permissionSetArn === permissionSetArn))
      return true;
    const [latest] = ours.toSorted((one, other) => other.at - one.at);
    if (latest === undefined) return false;
    await this.#look('provision', latest.instanceArn, asked, after(this.#clock.now(), -LOOK_FOR_ROOM_MS));
    return ours.some((one) => this.#mayRun(one));
  }

  /** Somebody has taken note of what became of an operation: it may be begun anew. */
  forget(wanted: Wanted): void {
    this.#over.delete(keyOf(wanted));
  }

  /**
   * Whether a creation runs that this process knows nothing of and that is about to make the assignment exist: its answer was lost, or its
   * process has died. Asks AWS anew. Throws faults.
   */
  async createdElsewhere(wanted: Omit<Wanted, 'kind' | 'grant'>, asked: Asked): Promise<boolean> {
    const { ids } = await this.#look('create', wanted.instanceArn, asked, this.#clock.now());
    for (const known of this.#foreign.keys()) if (!ids.has(known)) this.#foreign.delete(known);
    for (const requestId of ids) {
      const about =
        this.#begun.get(requestId) ?? this.#foreign.get(requestId) ?? (await this.#describe(wanted, requestId, asked));
      const { account, permissionSetArn, userId } = about;
      if (account === wanted.account && permissionSetArn === wanted.permissionSetArn && userId === wanted.userId)
        return true;
    }
    return false;
  }

  async #describe({ instanceArn }: Pick<Wanted, 'instanceArn'>, requestId: string, asked: Asked): Promise<Status> {
    const status = await describeOperation(this.#client, { kind: 'create', instanceArn, requestId }, asked);
    this.#foreign.set(requestId, status);
    return status;
  }

  /** Why an operation cannot begin now. */
  #obstacle(wanted: Wanted, { lane }: Asked): 'busy' | 'full' | null {
    const now = this.#clock.now();
    for (const one of this.#begun.values()) if (after(one.at, FORGET_MS) < now) this.#begun.delete(one.requestId);
    for (const [key, { until }] of this.#over) if (until < now) this.#over.delete(key);
    const ours = [...this.#begun.values()].filter((one) => this.#mayRun(one));
    if ([...ours, ...this.#beginning].some((one) => collides(one, wanted))) return 'busy';
    if (this.#fullUntil !== null && now < this.#fullUntil) return 'full';
    // An end that waits for what runs in its own account lets others use the room meanwhile.
    for (const [end, why] of lane === 'end' ? [] : this.#endsWaiting)
      if (why === 'full' || collides(end, wanted)) return 'full';
    const seen = new Set(OPERATIONS.flatMap((kind) => [...(this.#looks.get(kind)?.ids ?? [])]));
    for (const { requestId } of ours) seen.add(requestId);
    return seen.size + this.#beginning.length >= this.#outstanding ? 'full' : null;
  }

  /** Whether AWS said that it runs, or has not been asked since it began. */
  #mayRun(one: Begun): boolean {
    const look = this.#looks.get(one.kind);
    return look === undefined || look.at <= one.at || look.ids.has(one.requestId);
  }

  /** Asks about every kind that has something running, so that there is room again as soon as it is over. */
  async #lookAtAll(instanceArn: string, asked: Asked): Promise<void> {
    const since = after(this.#clock.now(), -LOOK_FOR_ROOM_MS);
    const kinds = OPERATIONS.filter(
      (kind) =>
        (this.#looks.get(kind)?.ids.size ?? 0) > 0 ||
        [...this.#begun.values()].some((one) => one.kind === kind && this.#mayRun(one)),
    );
    await Promise.all(kinds.map((kind) => this.#look(kind, instanceArn, asked, since)));
  }

  /** What runs of a kind, by a question that left at `since` or later: one for all who want to know at the same time. */
  async #look(kind: OperationKind, instanceArn: string, asked: Asked, since: Instant): Promise<Look> {
    const known = this.#looks.get(kind);
    if (known !== undefined && known.at >= since) return known;
    const running = this.#looking.get(kind);
    if (running !== undefined && running.at >= since) return running.answer;
    const at = this.#clock.now();
    const ask = async (): Promise<Look> => {
      const look = { at, ids: await runningOperations(this.#client, kind, instanceArn, asked) };
      const latest = this.#looks.get(kind);
      if (latest === undefined || latest.at <= at) this.#looks.set(kind, look);
      return look;
    };
    const answer = ask().finally(() => {
      if (this.#looking.get(kind)?.at === at) this.#looking.delete(kind);
    });
    this.#looking.set(kind, { at, answer });
    return answer;
  }
}

function notNow(wanted: Wanted, obstacle: 'busy' | 'full'): ProviderFault {
  const what = wordsOf(wanted);
  if (obstacle === 'full') return tooMuch(what, LONGEST_WAIT_MS);
  return new ProviderFault(
    'conflict',
    `${what}: another change of the same permission set in the account is under way`,
    { heldBack: true },
  );
}

/** AWS does one at a time for each account and permission set. */
function collides(one: Wanted, other: Wanted): boolean {
  return one.account === other.account && one.permissionSetArn === other.permissionSetArn;
}

function keyOf({ kind, account, permissionSetArn, userId }: Omit<Wanted, 'grant'>): string {
  return [kind, account, permissionSetArn, userId ?? ''].join(' ');
}
