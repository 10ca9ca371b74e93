import { AwsError } from '../../../simulators/aws/aws-error.ts';
import { Faults, type Fault, type FaultSource } from '../../../simulators/aws/faults.ts';
import { jsonCode } from '../../../simulators/aws/json-service.ts';
import { OrganizationServices } from '../../../simulators/aws/organization-services.ts';
import { Sessions, type Session } from '../../../simulators/aws/sessions.ts';
import { World } from '../../../simulators/aws/world.ts';
import { slotKey, type SlotKey } from '../../../src/core/slot.ts';
import { IDENTITY_CENTER } from '../../../src/providers/aws/capabilities.ts';
import type { AccountState } from '../../../src/providers/aws/organizations.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import { BROKER_THERE, CENTER, describeCenter, PERMISSION_SET, SWEEPER_THERE } from './center-world.ts';
import type { Written } from './written.ts';

/** A schedule fires within the minute that it names, which is never written for sooner than five seconds ahead; and clouds' clocks are off. */
const SCHEDULED_LATE_MS = 60_000 + 5_000 + 2_000;
/** One whose call was refused, because another operation was under way there, is tried again, each time later. */
const TRIED_AGAIN_MS = 30_000;

/** An assignment as it stands, by the names that the broker has for its place. */
export interface Held {
  readonly slot: SlotKey;
  readonly account: string;
  readonly userName: string;
}

/**
 * IAM Identity Center, its directory and EventBridge Scheduler: the stand-in that also serves the real clients over HTTP, here under the
 * virtual clock and without the wire. Operations take their time and may fail when they come to their end; schedules fire late, and
 * their calls may be refused or lost.
 */
export class SimCenter {
  readonly #storm: Storm;
  readonly #prng: Prng;
  readonly #world: World;
  readonly #services: OrganizationServices;
  readonly #sessions: Readonly<Record<'broker' | 'sweeper', Session>>;
  readonly #standing = new Set<string>();
  /** Places that somebody is being assigned by hand. */
  readonly #coming = new Set<string>();
  /** Places whose scheduled end went wrong in the cloud itself, or was edited by somebody. */
  readonly #spoilt = new Set<string>();
  /** Places whose schedule has fired and was refused, because it met another operation; and of the one that fires now. */
  readonly #refused = new Set<string>();
  #firing: SlotKey | null = null;
  readonly #scheduled = new Set<string>();
  readonly #madeLate = new Set<string>();
  /** Whether roles write tombstones in this run. */
  readonly tombstones: boolean;
  /** The bucket for leases, by key; `null`: the company has none in this run, and nobody sweeps. */
  readonly bucket: Map<string, string> | null;
  /** When a write of a policy landed that its writer had given up: it may have brought back what stood there before. */
  #clobberedAt = Number.NEGATIVE_INFINITY;
  #parsed: { readonly text: string; readonly Statement: readonly Denial[] } | null = null;
  #moment: number | null = null;
  #wakesAt = Number.POSITIVE_INFINITY;
  /** Called after everything that may have changed who can do what. */
  onChange: () => void = () => {};
  /** Told of every change that the broker makes for a grant. */
  onWritten: (grant: string, how: Written) => void = () => {};

  constructor(storm: Storm, people: readonly string[], accounts: readonly string[], standing: string | null) {
    this.#storm = storm;
    this.#prng = storm.prng.fork('center');
    this.tombstones = storm.prng.fork('tombstones').chance(0.5);
    this.bucket = storm.prng.fork('leases').chance(0.4) ? new Map() : null;
    const { assignmentMs, listDelayMs, accountsDelayMs, fireDelayMs } = storm.drawn.center;
    const now = () => this.#now();
    const place = {
      partition: 'aws',
      account: CENTER.account,
      brokerRoleArn: `arn:aws:iam::${CENTER.account}:role/curfew-broker`,
    };
    const [first] = accounts;
    const before =
      standing === null || first === undefined
        ? []
        : [{ account: first, permissionSet: PERMISSION_SET, user: standing }];
    for (const { account, user } of before) this.#standing.add(this.#slot(account, user));
    this.#world = new World(describeCenter(people, accounts, before, place), { stateFile: null, nowMs: now() });
    const sessions = new Sessions(this.#world, now);
    this.#services = new OrganizationServices({
      world: this.#world,
      sessions,
      faults: new Mishaps((action, text) => this.#fault(action, text)),
      now,
      setMoment: (at) => (this.#moment = at),
      publish: () => {},
      iam: {},
      record: (_service, _action, _principal, code) => {
        if (code !== 'OK' && this.#firing !== null) this.#refused.add(this.#firing);
      },
      settings: {
        assignmentMs,
        provisioningMs: assignmentMs,
        listDelayMs,
        accountsDelayMs: this.tombstones ? accountsDelayMs : [0, 0],
        fireDelayMs,
        seed: storm.seed,
      },
    });
    const as = (name: string): Session => {
      const role = this.#world.role(CENTER.account, name);
      if (role === null) throw new Error(`there is no role ${name} in the simulated IAM Identity Center`);
      return sessions.issue(role, { sessionName: name, sourceIdentity: null, tags: {}, policy: null }, 43_200).session;
    };
    this.#sessions = { broker: as(BROKER_THERE), sweeper: as(SWEEPER_THERE) };
    this.#services.advance();
  }

  /** The cloud's own time. */
  get cloudNow(): number {
    return this.#now();
  }

  /** Performs a call as the role of the broker, or of whoever sweeps. Throws errors as the SDK would. */
  call(service: string, action: string, members: object, as: 'broker' | 'sweeper' = 'broker'): object {
    this.#advance();
    this.#noteOrder(action, members);
    try {
      return this.#services.run(service, action, members, { session: this.#sessions[as], region: CENTER.region });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const name = jsonCode(error.code, service);
      throw Object.assign(new Error(error.message), { name, $metadata: { httpStatusCode: error.status } });
    } finally {
      this.#plan();
      this.onChange();
    }
  }

  /** What the organization says of an account. */
  accountState(account: string): AccountState | null {
    const { organization } = this.#world.organization;
    return organization?.accounts.find(({ id }) => id === account)?.state ?? null;
  }

  /** Who holds the permission set where at this moment because of the broker. */
  held(): readonly Held[] {
    return this.#assigned().filter(({ slot }) => !this.standing().has(slot));
  }

  isHeld(slot: string): boolean {
    return this.#assigned().some((one) => one.slot === slot);
  }

  /** From when on the account itself denies whoever holds a place everything; `null`: it does not. */
  deniedFrom(slot: string): number | null {
    const { users, provisioned } = this.#services.center.state;
    for (const { account, roleName } of provisioned) {
      const role = this.#world.role(account, roleName);
      const here = users.find(({ userName }) => this.#slot(account, userName) === slot);
      if (role === null || here === undefined) continue;
      for (const text of Object.values(role.inlinePolicies)) {
        for (const { Effect, Condition } of this.#statementsOf(text)) {
          const who = Condition?.StringEquals;
          const at = Condition?.DateGreaterThanEquals?.['aws:CurrentTime'];
          const his = who?.['identitystore:UserId'] === here.id && who['aws:PrincipalAccount'] === account;
          if (Effect === 'Deny' && his && at !== undefined) return Date.parse(at);
        }
      }
    }
    return null;
  }

  /** Checkers look all the time, and the policy is the same most of the time. */
  #statementsOf(text: string): readonly Denial[] {
    if (this.#parsed?.text !== text)
      this.#parsed = { text, Statement: (JSON.parse(text) as { readonly Statement: readonly Denial[] }).Statement };
    return this.#parsed.Statement;
  }

  /** A write of the policy landed after it had been given up. */
  clobbered(): void {
    this.#clobberedAt = this.#storm.scheduler.now;
  }

  /** Whether what began at a time may have lost its tombstone to such a write: it is found at the end, and not before. */
  mayBeClobbered(activatedAt: number): boolean {
    return activatedAt <= this.#clobberedAt;
  }

  /** Places that were held before the broker came, or were given by hand since, which must never go. */
  standing(): ReadonlySet<string> {
    for (const slot of this.#coming) if (this.isHeld(slot) && this.#coming.delete(slot)) this.#standing.add(slot);
    return this.#standing;
  }

  /** How long after its end an assignment may stand when nobody is left to remove it; `null`: the schedule itself has come to grief. */
  lateMs(slot: string): number | null {
    const [, longestMs] = this.#storm.drawn.center.assignmentMs;
    if (this.#spoilt.has(slot) || this.#madeLate.has(slot)) return null;
    return SCHEDULED_LATE_MS + longestMs + (this.#refused.has(slot) ? TRIED_AGAIN_MS + longestMs : 0);
  }

  /** Whether a schedule is there that has yet to empty a place. */
  isScheduled(slot: string): boolean {
    return this.scheduledAt(slot) !== null;
  }

  /** When the last of the schedules fires that are there for a place; `null`: there is none. */
  scheduledAt(slot: string): number | null {
    const times = this.#world.organization.schedules.flatMap((one) =>
      one.nextAttemptAt !== null && this.#slotIn(one.target.input) === slot ? [one.nextAttemptAt] : [],
    );
    return times.length === 0 ? null : Math.max(...times);
  }

  /** The latest end that is written for a place in the bucket, for whoever sweeps; `null`: none is. */
  leasedUntil(slot: string): number | null {
    const times = [...(this.bucket?.values() ?? [])].flatMap((text) => {
      const { native, endsAt } = JSON.parse(text) as { readonly native: readonly string[]; readonly endsAt: string };
      const isOf = this.#services.center.state.users.some(
        ({ id, userName }) => native.includes(id) && native.some((name) => this.#slot(name, userName) === slot),
      );
      return isOf ? [Date.parse(endsAt)] : [];
    });
    return times.length === 0 ? null : Math.max(...times);
  }

  /** An administrator assigns a place by hand, for good: from then on it is theirs. */
  assignByHand(account: string, userName: string): void {
    const { center } = this.#services;
    const [principalId, [set]] = [this.#userIdOf(userName), center.state.permissionSets];
    if (set === undefined) throw new Error('there is no permission set');
    this.#advance();
    center.start({ kind: 'create', account, permissionSetArn: set.arn, principalType: 'USER', principalId });
    this.#coming.add(this.#slot(account, userName));
    this.#plan();
  }

  /** Whether somebody or something other than the broker had its hands on this place. */
  isSpoilt(slot: string): boolean {
    return this.#spoilt.has(slot);
  }

  /** What went wrong at a place is over once nothing is left there that it went wrong with. `needed`: places that somebody needs. */
  forgive(needed: ReadonlySet<string>): void {
    for (const wrong of [this.#spoilt, this.#refused])
      for (const slot of wrong)
        if (!needed.has(slot) && !this.isHeld(slot) && !this.isScheduled(slot)) wrong.delete(slot);
  }

  /** Somebody with a console of their own gets in the way of an assignment. False: there was nothing to get in the way of. */
  tamper(slot: string, how: CenterTampering): boolean {
    this.#advance();
    const found = this.#assigned().find((one) => one.slot === slot);
    const { schedules } = this.#world.organization;
    const schedule = schedules.find(
      (one) =>
        found !== undefined &&
        one.target.input.includes(`"${this.#userIdOf(found.userName)}"`) &&
        one.target.input.includes(found.account),
    );
    if (found === undefined || schedule === undefined) return false;
    this.#spoilt.add(slot);
    switch (how) {
      case 'assignment removed': {
        const { assignments } = this.#services.center.state;
        for (const one of assignments)
          if (one.principalId === this.#userIdOf(found.userName) && one.account === found.account && one.until === null)
            Object.assign(one, { until: this.#now(), listedUntil: this.#now() });
        break;
      }
      case 'schedule edited':
        Object.assign(schedule, {
          nextAttemptAt: this.#now() + 30 * 86_400_000,
          expression: 'at(2099-01-01T00:00:00)',
          at: Date.UTC(2099, 0),
        });
        break;
      case 'schedule deleted':
        schedules.splice(schedules.indexOf(schedule), 1);
        break;
    }
    this.onChange();
    return true;
  }

  #assigned(): readonly Held[] {
    const { assignments, users } = this.#services.center.state;
    const at = this.#now();
    return assignments.flatMap((one) => {
      const user = users.find(({ id }) => id === one.principalId);
      if (user === undefined || one.from > at || (one.until !== null && one.until <= at)) return [];
      return [{ slot: this.#slot(one.account, user.userName), account: one.account, userName: user.userName }];
    });
  }

  #userIdOf(userName: string): string {
    return this.#services.center.state.users.find((one) => one.userName === userName)?.id ?? '';
  }

  #slot(account: string, userName: string): SlotKey {
    return slotKey('aws', IDENTITY_CENTER.method, [CENTER.account, account, PERMISSION_SET, userName]);
  }

  #now(): number {
    return this.#moment ?? this.#storm.scheduler.now + this.#storm.drawn.cloud.skewMs;
  }

  #advance(): void {
    this.#services.advance();
  }

  /** Whatever happens by itself happens at its moment, whether or not anybody calls. */
  #plan(): void {
    const due = this.#services.nextDueAt();
    if (due >= this.#wakesAt) return;
    this.#wakesAt = due;
    this.#storm.scheduler.at(null, due - this.#storm.drawn.cloud.skewMs, () => {
      this.#wakesAt = Number.POSITIVE_INFINITY;
      this.#advance();
      this.#plan();
      this.onChange();
    });
  }

  /**
   * A creation that was given up may land when the schedule that was written before it has fired already: it is for whoever waits for such
   * calls to remove what that makes.
   */
  #noteOrder(action: string, members: object): void {
    const { Target } = members as { readonly Target?: { readonly Input?: string } };
    const place = this.#slotIn(Target?.Input ?? JSON.stringify(members));
    if (place === null) return;
    if (action === 'CreateSchedule') this.#scheduled.add(place);
    if (action === 'CreateAccountAssignment' && this.#scheduled.has(place) && !this.isScheduled(place))
      this.#madeLate.add(place);
  }

  /** What goes wrong in the cloud itself, when something comes to its end or a schedule fires. */
  #fault(action: string, text: string): Fault['kind'] | null {
    const storm = this.#storm;
    if (action === 'fire') {
      storm.marks.hit('schedule-fired');
      this.#firing = this.#slotIn(/\{.*\}/s.exec(text)?.[0] ?? '');
    }
    if (action === 'finish-create') storm.marks.hit('made-in-time');
    if (storm.calm) return null;
    const { fails, fires } = storm.drawn.center;
    if (action.startsWith('finish-') && this.#prng.chance(fails)) {
      storm.marks.hit('operation-failed');
      const place = this.#slotIn(text);
      if (action === 'finish-delete' && place !== null) this.#spoilt.add(place);
      storm.trace.note('cloud', `${action} fails`);
      return this.#prng.pick(['unavailable', 'drop-after']);
    }
    if (action === 'fire' && this.#prng.chance(fires)) {
      storm.marks.hit('schedule-hindered');
      storm.trace.note('cloud', 'a schedule does not get through');
      if (this.#firing !== null) this.#spoilt.add(this.#firing);
      return this.#prng.pick(['throttle', 'drop-before', 'drop-after']);
    }
    return null;
  }

  #slotIn(json: string): SlotKey | null {
    const said = JSON.parse(json === '' ? '{}' : json) as Readonly<Record<string, unknown>>;
    const id = said['principalId'] ?? said['PrincipalId'];
    const user = this.#services.center.state.users.find((one) => one.id === id);
    const account = said['account'] ?? said['TargetId'];
    return user === undefined || typeof account !== 'string' ? null : this.#slot(account, user.userName);
  }
}

export const CENTER_TAMPERINGS = ['assignment removed', 'schedule edited', 'schedule deleted'] as const;
export type CenterTampering = (typeof CENTER_TAMPERINGS)[number];

/** As far as a statement of a permission set is looked at. */
interface Denial {
  readonly Effect: string;
  readonly Condition?: {
    readonly StringEquals?: Readonly<Record<string, string>>;
    readonly DateGreaterThanEquals?: Readonly<Record<string, string>>;
  };
}

/** Faults by chance instead of by list. */
class Mishaps extends Faults {
  readonly #draw: (action: string, text: string) => Fault['kind'] | null;

  constructor(draw: (action: string, text: string) => Fault['kind'] | null) {
    super();
    this.#draw = draw;
  }

  override take(_from: FaultSource, service: string, action: string, text: string): Fault | null {
    const kind = this.#draw(action, text);
    return kind === null ? null : { service, action, kind };
  }
}
