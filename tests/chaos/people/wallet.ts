import { setTimeout as pause } from 'node:timers/promises';
import { ACCOUNT, type Keys } from '../site/world.ts';
import {
  certifiedBy,
  readingWith,
  signedInAs,
  type CloudSeen,
  type HolderCertificate,
  type Outcome,
  type Trial,
} from './tries.ts';

/** How long after the end a saved credential may still work: what assume-role, timed-policy and roles-anywhere declare to be held. */
export const BOUND_MS = 5_000;
/**
 * How long after the end of an assignment its person may still get a new session: the precision of the schedule that removes it, and
 * the seconds that AWS takes for the removal, behind one of somebody else.
 */
export const NEW_SESSIONS_MS = 60_000 + 10_000;
/**
 * How long after its end an assignment on Azure may still be obeyed where nobody but a broker or the sweeper takes it away: five seconds by which
 * clocks may differ, a run of the sweeper that meets faults, and the seconds that the simulated Azure takes to obey.
 */
export const AZURE_MS = 25_000;
/** How long a session of a permission set lasts. */
export const LONGEST_SESSION_MS = 3_600_000;

/** Milliseconds around the end at which a credential is tried, and how often before and after. */
interface Pace {
  readonly around: readonly number[];
  readonly beforeMs: number;
  readonly afterMs: number;
}
const CREDENTIAL: Pace = {
  around: [-1_500, -400, 200, 900, 2_000, 3_500, 4_900, 5_200, 6_500, 9_000, 14_000, 22_000],
  beforeMs: 1_500,
  afterMs: 25_000,
};
/** Each session that the portal gives is kept and tried as well, so it is asked less often. */
const PORTAL: Pace = {
  around: [-2_500, 800, 5_000, 12_000, 25_000, 40_000, 55_000, 61_000, 71_000, 80_000],
  beforeMs: 15_000,
  afterMs: 20_000,
};
/** So is each session that a certificate makes, and what is refused at once must be refused soon. */
const CERTIFICATE: Pace = {
  around: [-2_500, 300, 2_500, 5_300, 9_000, 20_000],
  beforeMs: 4_000,
  afterMs: 25_000,
};
const AT_ONCE = 8;

/** Access that no single grant explains: it is there while any grant of the role to the person is. */
export interface Place {
  readonly person: string;
  readonly role: string;
  /** What is tried: `the own key`, … */
  readonly what: string;
  /** How long after the last of those grants it may go on. */
  readonly boundMs: number;
}

/** A credential that its holder has saved, and what became of it. Times are epoch milliseconds. */
export interface Saved {
  /** The grant that it was issued under; where several give it, what it is. */
  readonly grant: string;
  /** `null`: it was handed out under its grant alone. */
  readonly place: Place | null;
  /** It makes sessions, which are access, and is none itself: what they may do is denied even where it is not on the revocation list. */
  readonly isCertificate: boolean;
  /** Of what has a place: the latest end that was promised. */
  readonly endsAt: number;
  /** Of what has a place: when the tries left that the cloud served. */
  readonly servedAt: readonly number[];
  readonly issuedAt: number;
  /** When the last try left that the cloud served. */
  lastServedAt: number | null;
  served: number;
  refused: number;
}

interface Held extends Saved {
  endsAt: number;
  readonly servedAt: number[];
  readonly trial: Trial;
  readonly pace: Pace;
  nextAt: number;
}

/**
 * A holder who keeps every credential that was ever handed out and tries them for ever, before and after the end. A try counts from the
 * moment before it leaves: the cloud decides later than that, so what is found too late here was too late indeed.
 */
export class Wallet {
  readonly #cloud: CloudSeen;
  readonly #held: Held[] = [];
  readonly #busy = new Set<Promise<void>>();
  readonly #onServed: (saved: Saved, at: number) => void;
  #tries = 0;
  #silences = 0;
  #isOpen = true;
  readonly #loop: Promise<void>;

  /** `onServed` is told of each try that the cloud served of what a single grant explains. */
  constructor(url: string, onServed: (saved: Saved, at: number) => void) {
    this.#cloud = { url, aheadMs: 0, handler: null };
    this.#onServed = onServed;
    this.#loop = this.#keepTrying();
  }

  get saved(): readonly Saved[] {
    return this.#held;
  }

  get tries(): number {
    return this.#tries;
  }

  /** Tries without an answer: neither served nor refused. */
  get silences(): number {
    return this.#silences;
  }

  /** Keeps somebody's own key, which grants of the role make able to do more, and tries it from now on. */
  keep(person: string, role: string, keys: Keys): void {
    const place = { person, role, what: 'the own key', boundMs: BOUND_MS };
    this.#add(place, Date.now(), readingWith(this.#cloud, keys), CREDENTIAL);
  }

  /**
   * Keeps somebody's way into the access portal, and asks it for sessions of a permission set from now on. Each is kept as well, and
   * may work for `sessionMs` longer than the access.
   */
  signIn(person: string, role: string, permissionSet: string, sessionMs: number): Saved {
    const portal = signedInAs(this.#cloud, person, permissionSet, ACCOUNT);
    const trial: Trial = {
      attempt: async () => {
        const outcome = await portal.attempt();
        if (outcome.keys !== undefined) this.#keepSession(place, sessionMs, outcome.keys);
        return outcome;
      },
    };
    const place = { person, role, what: 'the sign-in', boundMs: NEW_SESSIONS_MS };
    return this.#add(place, Date.now(), trial, PORTAL);
  }

  /** Tries from now on whether somebody may look at what a role on Azure shows. */
  visit(person: string, role: string, look: () => Promise<boolean | null>): Saved {
    const trial: Trial = {
      attempt: async () => {
        const may = await look();
        return { answer: may === null ? 'silent' : may ? 'served' : 'refused' };
      },
    };
    return this.#add({ person, role, what: 'the view', boundMs: AZURE_MS }, Date.now(), trial, CREDENTIAL);
  }

  /** The sessions that the portal has given somebody for a role. */
  sessionsOf(person: string, role: string): readonly Saved[] {
    return this.#held.filter(({ place }) => place?.what === SESSION && place.person === person && place.role === role);
  }

  /** A grant of the role gives somebody more until then. */
  promise(person: string, role: string, endsAt: number): void {
    for (const held of this.#held) {
      if (held.place?.person !== person || held.place.role !== role) continue;
      held.endsAt = Math.max(held.endsAt, endsAt);
      held.nextAt = Date.now();
    }
  }

  /** Keeps what was handed out under a grant. */
  save(grant: string, endsAt: number, keys: Keys): Saved {
    return this.#add(grant, endsAt, readingWith(this.#cloud, keys), CREDENTIAL);
  }

  /** Keeps a certificate that was handed out under a grant, and each session that it makes. */
  saveCertificate(grant: string, endsAt: number, certificate: HolderCertificate): Saved {
    const machine = certifiedBy(this.#cloud, certificate);
    const trial: Trial = {
      attempt: async () => {
        const outcome = await machine.attempt();
        if (outcome.keys !== undefined) this.#add(grant, endsAt, readingWith(this.#cloud, outcome.keys), CREDENTIAL);
        return outcome;
      },
    };
    return this.#add(grant, endsAt, trial, CERTIFICATE);
  }

  /** What a grant has handed out, and what came of that. */
  savedOf(grant: string): readonly Saved[] {
    return this.#held.filter((one) => one.grant === grant);
  }

  /** Tries one now. `null`: the cloud did not answer. */
  async works(saved: Saved): Promise<boolean | null> {
    const held = this.#held.find((one) => one === saved);
    return held === undefined ? null : this.#try(held);
  }

  /** Tries every credential once more, and names those that still work. */
  async tryAll(): Promise<readonly Saved[]> {
    const working: Saved[] = [];
    for (const held of this.#held) {
      let served = await this.#try(held);
      if (served === null) served = await this.#try(held);
      if (served !== false) working.push(held);
    }
    return working;
  }

  /** Tries nothing any more unless asked. */
  async rest(): Promise<void> {
    this.#isOpen = false;
    await this.#loop;
    await Promise.all(this.#busy);
  }

  /** The clock of the cloud has been moved: everything is signed by it from now on. */
  moveClock(aheadMs: number): void {
    this.#cloud.aheadMs = aheadMs;
  }

  #keepSession({ person, role }: Place, sessionMs: number, keys: Keys): void {
    const place = { person, role, what: SESSION, boundMs: sessionMs === 0 ? BOUND_MS : NEW_SESSIONS_MS + sessionMs };
    const known = this.#held.find((one) => one.place?.person === person && one.place.role === role);
    this.#add(place, known?.endsAt ?? Date.now(), readingWith(this.#cloud, keys), CREDENTIAL);
  }

  #add(of: string | Place, endsAt: number, trial: Trial, pace: Pace): Held {
    const at = Date.now();
    const place = typeof of === 'string' ? null : of;
    const held: Held = {
      grant: typeof of === 'string' ? of : `${of.what} of ${of.person} as ${of.role}`,
      place,
      isCertificate: pace === CERTIFICATE,
      endsAt,
      servedAt: [],
      issuedAt: at,
      trial,
      pace,
      nextAt: at,
      lastServedAt: null,
      served: 0,
      refused: 0,
    };
    this.#held.push(held);
    return held;
  }

  async #keepTrying(): Promise<void> {
    while (this.#isOpen) {
      const now = Date.now();
      for (const held of this.#held) {
        if (held.nextAt > now || this.#busy.size >= AT_ONCE) continue;
        held.nextAt = nextTry(held, now);
        const done = this.#try(held).then(() => void this.#busy.delete(done));
        this.#busy.add(done);
      }
      await pause(50);
    }
  }

  async #try(held: Held): Promise<boolean | null> {
    const at = Date.now();
    this.#tries += 1;
    const { answer }: Outcome = await held.trial.attempt();
    if (answer === 'silent') {
      this.#silences += 1;
      return null;
    }
    if (answer === 'refused') {
      held.refused += 1;
      return false;
    }
    held.served += 1;
    held.lastServedAt = Math.max(held.lastServedAt ?? 0, at);
    if (held.place === null) this.#onServed(held, at);
    else held.servedAt.push(at);
    return true;
  }
}

const SESSION = 'a session';

function nextTry({ endsAt, pace }: Held, now: number): number {
  const regular = now + (now < endsAt ? pace.beforeMs : pace.afterMs);
  const around = pace.around.map((offset) => endsAt + offset).find((at) => at > now + 20);
  return around === undefined ? regular : Math.min(regular, around);
}
