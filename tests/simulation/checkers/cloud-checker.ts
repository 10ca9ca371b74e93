import { NATIVE } from '../broker/company.ts';
import { CERTIFICATE, CERTIFIED_SESSION } from '../cloud/sim-anywhere.ts';
import { SESSION_ACCESS, TIMED_ACCESS, type SimCloud } from '../cloud/sim-cloud.ts';
import { short } from '../kernel/trace.ts';
import type { GrantRow } from './rows.ts';
import type { Violations } from './violations.ts';

/** States in which access may exist: from the moment its end is written until its absence is proven. */
const LIVE = new Set(['activating', 'active', 'ending']);

/** How long after the end of a grant the cloud may believe what carries that end, milliseconds. What somebody edited by hand carries another. */
function toleranceOf(what: string): number | null {
  if (what === 'a pass') return 0;
  if (what === CERTIFICATE || what === CERTIFIED_SESSION) return CERTIFICATE_LATE_MS;
  return what === TIMED_ACCESS || what === SESSION_ACCESS ? CLOUD_CLOCK_TOLERANCE_MS : null;
}

/** So much the cloud's clock may be off from the true time here; it is the cloud's that ends what carries its end. */
const CLOUD_CLOCK_TOLERANCE_MS = 2_000;
/** What the method declares: the cloud's clock may be off so much, and needs a while to obey a denial. */
const CERTIFICATE_LATE_MS = 5_000;
/** Clouds compare whole seconds. */
const SECOND_MS = 1_000;
/** The longest session of a certificate that was made in its last second, a margin, and a round of whoever sweeps. */
const SWEPT_WITHIN_MS = 80 * 60_000;
/** The longest session of a permission set: it may have begun when its assignment went. */
const LONGEST_SESSION_MS = 3_600_000;

/**
 * Looks at the cloud's own truth: nothing is usable without a live grant, and sessions never beyond their end; nobody who shares a place
 * loses it through another, and what somebody else put there stays.
 */
export class CloudChecker {
  readonly #cloud: SimCloud;
  readonly #violations: Violations;
  readonly #grants: () => ReadonlyMap<string, GrantRow>;
  readonly #now: () => number;
  readonly #endAsked: (grant: GrantRow) => boolean;
  readonly #staleMs: number;
  readonly #keyOf: (person: string) => string;
  /** What active grants lack, as `grant what`, since a time at which somebody had asked for their end: it does not come back by itself. */
  readonly #taken = new Set<string>();
  /** Grants whose end somebody ever asked for. */
  readonly #everAsked = new Set<string>();
  /** When each place of IAM Identity Center was last seen to be held. */
  readonly #heldAt = new Map<string, number>();
  /** Told at every look what works in the cloud. */
  onUsable: (usable: ReadonlyMap<string, string>) => void = () => {};

  constructor(
    cloud: SimCloud,
    violations: Violations,
    grants: () => ReadonlyMap<string, GrantRow>,
    now: () => number,
    /** Whether a grant may have been ended without a record, while the database took no writes. */
    endAsked: (grant: GrantRow) => boolean,
    /** How far behind a look may be. */
    staleMs: number,
    /** Who is behind a pseudonymous id. */
    keyOf: (person: string) => string,
  ) {
    this.#keyOf = keyOf;
    this.#staleMs = staleMs;
    this.#cloud = cloud;
    this.#endAsked = endAsked;
    this.#violations = violations;
    this.#grants = grants;
    this.#now = now;
  }

  check(): void {
    const grants = this.#grants();
    this.#checkPlaces([...grants.values()]);
    this.#checkPasses([...grants.values()]);
    this.#checkPolicies([...grants.values()]);
    this.#checkCenter([...grants.values()]);
    this.#checkRoles([...grants.values()]);
    const usable = new Map([...this.#cloud.usable()].filter(([grant]) => !this.#isUnseen(grants.get(grant))));
    this.onUsable(usable);
    this.#violations.judge('usable-only-live', usable.size);
    for (const [grant, what] of usable) {
      const row = grants.get(grant);
      const state = row?.state ?? 'unknown';
      const toleranceMs = toleranceOf(what);
      if (toleranceMs !== null) this.#violations.judge('end-in-the-object');
      if (!LIVE.has(state)) {
        this.#violations.report('cloud', `${short(grant)} is ${state}, and ${what} still works`);
      } else if (toleranceMs !== null && row?.boundUntil != null && this.#now() >= row.boundUntil + toleranceMs) {
        // The latest end that was noted before it left: the same as the end, unless an extension was on its way.
        this.#violations.report('cloud', `${short(grant)} is past its end, and ${what} still works`);
      }
    }
  }

  /** Whether an active grant lacks something that nobody has asked to take away: neither now, nor when it was lost. */
  #lacks(row: GrantRow, what: string, lacking: boolean): boolean {
    const key = `${row.id} ${what}`;
    if (!lacking) this.#taken.delete(key);
    else if (this.#endAsked(row)) this.#taken.add(key);
    return lacking && !this.#taken.has(key);
  }

  /** What is promised stands in the cloud, and nothing stands there that nobody has noted. */
  #checkPasses(rows: readonly GrantRow[]): void {
    for (const row of rows) {
      if (row.method !== 'pass' || row.endsAt === null) continue;
      this.#violations.judge('promise-in-the-cloud');
      const end = this.#cloud.passEnd(row.slot);
      if (end !== null && end > (row.boundUntil ?? 0))
        this.#violations.report('cloud', `${short(row.id)} has a later end in the cloud than anybody has noted`);
      const over = row.state !== 'active' || this.#now() >= row.endsAt;
      if (!over && this.#lacks(row, 'promise', end === null || end < row.endsAt))
        this.#violations.report('cloud', `${short(row.id)} is promised for longer than the cloud knows`);
    }
  }

  /** The same of policies on people's own identities, as long as nobody changes them by hand; and what else stands there stays. */
  #checkPolicies(rows: readonly GrantRow[]): void {
    const { identities } = this.#cloud;
    for (const key of identities.robbed()) this.#violations.report('slots', `${key} lost a policy of its own`);
    for (const row of rows) {
      if (row.method !== 'timed-policy' || row.endsAt === null || row.endedAt !== null) continue;
      if (identities.isTampered(row.id)) continue;
      this.#violations.judge('promise-in-the-cloud');
      const until = identities.allowedUntil(NATIVE[row.target] ?? '', this.#keyOf(row.person), row.id);
      if (until !== null && until > (row.boundUntil ?? 0))
        this.#violations.report('cloud', `${short(row.id)} has a later end in the cloud than anybody has noted`);
      const over = row.state !== 'active' || this.#now() >= row.endsAt;
      if (!over && this.#lacks(row, 'promise', until === null || until <= row.endsAt - SECOND_MS))
        this.#violations.report('cloud', `${short(row.id)} is promised for longer than the cloud knows`);
    }
  }

  /** Judged when all is over: nothing of ours is left lying about on people's identities. */
  checkLitter(): void {
    this.#violations.judge('litter-swept');
    for (const { grant } of this.#cloud.identities.standing()) {
      const state = this.#grants().get(grant)?.state ?? 'unknown';
      if (!LIVE.has(state)) this.#violations.report('cloud', `${short(grant)} is ${state}, and its policy lies about`);
    }
  }

  /**
   * Who has certificates is denied from the end on by the role itself, whoever is alive then, and not before it. Not while somebody has
   * taken that away by hand: then it is for the broker to see at the end, and to deny.
   */
  #checkRoles(rows: readonly GrantRow[]): void {
    const { anywhere } = this.#cloud;
    for (const row of rows) {
      if (row.method !== 'roles-anywhere' || row.state !== 'active' || row.endsAt === null) continue;
      if (this.#now() >= row.endsAt || anywhere.isUndone(row.id)) continue;
      this.#violations.judge('end-on-the-role');
      const from = anywhere.deniedFrom(NATIVE[row.target] ?? '', row.id);
      if (from === null || from > (row.boundUntil ?? 0))
        this.#violations.report('cloud', `${short(row.id)} is active, and nothing on its role ends it`);
      else if (this.#lacks(row, 'end', from <= row.endsAt - SECOND_MS))
        this.#violations.report('slots', `${short(row.id)} is active, and its role denies it before its end`);
    }
  }

  /** Whether somebody took the end of a grant away by hand so late that no look of the broker, from its end on, could show it. */
  #isUnseen(row: GrantRow | undefined): boolean {
    if (row === undefined || row.endedAt === null) return false;
    const { anywhere, identities } = this.#cloud;
    const undone =
      row.method === 'roles-anywhere'
        ? anywhere.undoing(row.id)
        : row.method === 'timed-policy'
          ? identities.edit(row.id)
          : null;
    if (undone === null) return false;
    const shownFrom = undone.at + this.#staleMs;
    const late = row.cause !== 'expired' || shownFrom >= (row.boundUntil ?? 0);
    return late && undone.lookedAt < shownFrom;
  }

  /** Judged when all is over: what ended sessions that cannot be alive any more takes up no room on their role. */
  checkEnds(): void {
    for (const { grant, until } of this.#cloud.anywhere.ends()) {
      if (this.#now() < until + SWEPT_WITHIN_MS) continue;
      this.#violations.report(
        'cloud',
        `the end of ${short(grant)} still stands on its role, long after its last session`,
      );
    }
    this.#violations.judge('ends-swept');
  }

  /** An assignment is there while somebody needs it, and never for longer than its schedule allows, whoever is alive to remove it. */
  #checkCenter(rows: readonly GrantRow[]): void {
    const { center } = this.#cloud;
    for (const slot of center.standing()) {
      this.#violations.judge('standing-stays');
      if (!center.isHeld(slot)) this.#violations.report('slots', `${slot} was there before, and is gone`);
    }
    for (const { slot } of center.held()) {
      this.#heldAt.set(slot, this.#now());
      this.#violations.judge('place-needed');
      const needing = rows.filter((row) => row.slot === slot && LIVE.has(row.state));
      if (needing.length === 0) this.#violations.report('slots', `${slot} is still there, and nobody needs it`);
      const lateMs = center.lateMs(slot);
      if (lateMs === null) continue;
      this.#violations.judge('end-by-schedule');
      const until = Math.max(...needing.map((row) => Math.max(row.boundUntil ?? 0, row.endsAt ?? 0)));
      if (this.#now() >= until + lateMs)
        this.#violations.report('cloud', `${slot} is long past every end, and its schedule has not removed it`);
    }
    center.forgive(new Set(rows.flatMap(({ slot, state }) => (LIVE.has(state) ? [slot] : []))));
    this.#checkDenials(rows);
    this.#checkCuts(rows);
    for (const row of rows) {
      if (row.method !== 'identity-center' || row.state !== 'active' || center.isSpoilt(row.slot)) continue;
      this.#violations.judge('place-kept');
      // Its schedule names a whole second, and goes by the cloud's clock.
      if (row.endsAt === null || this.#now() >= row.endsAt - CLOUD_CLOCK_TOLERANCE_MS) continue;
      if (this.#lacks(row, 'place', !center.isHeld(row.slot)))
        this.#violations.report('slots', `${short(row.id)} is active, and its place was taken away`);
      this.#checkGuards(row, row.endsAt);
    }
  }

  /** What would end it if all of us were dead is there: the schedule, and the lease for whoever sweeps. */
  #checkGuards(row: GrantRow, endsAt: number): void {
    const { center } = this.#cloud;
    if (center.standing().has(row.slot)) return;
    this.#violations.judge('guarded');
    const guards = { schedule: center.scheduledAt(row.slot), lease: center.leasedUntil(row.slot) };
    if (this.#lacks(row, 'schedule', guards.schedule === null || guards.schedule <= endsAt - SECOND_MS))
      this.#violations.report('cloud', `${short(row.id)} is active, and no schedule waits for its end`);
    const unleased = center.bucket !== null && (guards.lease === null || guards.lease <= endsAt - SECOND_MS);
    if (this.#lacks(row, 'lease', unleased))
      this.#violations.report('cloud', `${short(row.id)} is active, and no lease says its end`);
  }

  /** Whose sessions are said to be cut is denied from the end on, in the account itself; and nobody is denied before it. */
  #checkDenials(rows: readonly GrantRow[]): void {
    const { center } = this.#cloud;
    for (const row of rows) {
      if (row.method !== 'identity-center' || row.state !== 'active' || row.endsAt === null) continue;
      if (center.mayBeClobbered(row.activatedAt ?? 0)) continue;
      const deniedFrom = center.deniedFrom(row.slot);
      const now = this.#now();
      // What was begun for it, and given up, comes to the account with the next denial of anybody there.
      if (this.#endAsked(row)) this.#everAsked.add(row.id);
      const denied = deniedFrom !== null && deniedFrom <= now - SECOND_MS;
      if (now < row.endsAt && denied && !this.#everAsked.has(row.id))
        this.#violations.report('slots', `${short(row.id)} is active, and is denied everything`);
      if (row.residualMs === null || row.residualMs >= 3_600_000) continue;
      this.#violations.judge('cut-in-the-account');
      const needing = rows.filter(({ slot, state }) => slot === row.slot && LIVE.has(state));
      const until = Math.max(...needing.map(({ boundUntil, endsAt }) => Math.max(boundUntil ?? 0, endsAt ?? 0)));
      if (deniedFrom === null || deniedFrom > until)
        this.#violations.report(
          'cloud',
          `${short(row.id)} is said to be cut at its end, and the account does not know`,
        );
    }
  }

  /** Whoever was told that sessions are cut is right for as long as one of them could live. */
  #checkCuts(rows: readonly GrantRow[]): void {
    const { center } = this.#cloud;
    const said = new Map<string, GrantRow>();
    for (const row of rows) if (row.method === 'identity-center' && row.provenMs === 0) said.set(row.slot, row);
    // Who has access again is not denied, and what they began before goes on.
    for (const row of rows) if (LIVE.has(row.state)) said.delete(row.slot);
    for (const row of said.values()) {
      const heldAt = this.#heldAt.get(row.slot) ?? Number.NEGATIVE_INFINITY;
      if (this.#now() >= heldAt + LONGEST_SESSION_MS) continue;
      this.#violations.judge('cut-for-good');
      const deniedFrom = center.deniedFrom(row.slot);
      if (deniedFrom === null || deniedFrom > this.#now())
        this.#violations.report(
          'cloud',
          `${short(row.id)} is ${row.state}, and its sessions are said to be cut and go on`,
        );
    }
  }

  #checkPlaces(rows: readonly GrantRow[]): void {
    for (const slot of this.#cloud.standing()) {
      this.#violations.judge('standing-stays');
      if (!this.#cloud.isAssigned(slot, 0)) this.#violations.report('slots', `${slot} was there before, and is gone`);
    }
    for (const slot of this.#cloud.assigned()) {
      this.#violations.judge('place-needed');
      if (!rows.some((row) => row.slot === slot && LIVE.has(row.state)))
        this.#violations.report('slots', `${slot} is still there, and nobody needs it`);
    }
    for (const row of rows) {
      if (row.method !== 'assignment' || row.state !== 'active') continue;
      this.#violations.judge('place-kept');
      const over = row.endsAt === null || this.#now() >= row.endsAt;
      if (!over && this.#lacks(row, 'place', !this.#cloud.isAssigned(row.slot, 0)))
        this.#violations.report('slots', `${short(row.id)} is active, and its place was taken away`);
    }
  }
}
