import { setTimeout as pause } from 'node:timers/promises';
import { signIn } from '../../e2e/api-user-agent.ts';
import type { Prng } from '../../simulation/kernel/prng.ts';
import { ask, type Answer } from './ask.ts';
import { KillSwitch } from './kill-switch.ts';
import { newHolderKey } from '../../contract/holder.ts';
import type { Keys } from '../site/world.ts';
import type { HolderCertificate } from './tries.ts';
import type { Saved, Wallet } from './wallet.ts';

/** What a person was promised. Times are epoch milliseconds. */
export interface Errand {
  readonly person: string;
  /** Idempotency key of the request, and its reason, by which it is found again. */
  readonly key: string;
  readonly role: RoleName;
  readonly sentAt: number;
  /** The end that an answer named. */
  endsAt: number | null;
  /** When somebody said that the request is made, and its id. */
  ackedAt: number | null;
  request: string | null;
  grant: string | null;
  /** When an answer named the grant first. */
  shownAt: number | null;
  /** When an early end was acknowledged. */
  endAckedAt: number | null;
  /** When the access had ended, as an answer said. */
  saidEndedAt: number | null;
}

const CALL_MS = 10_000;
/** Between two orders of the kill switch. */
const ORDER_EVERY_MS = [20_000, 60_000] as const;
/** How often somebody looks whether an order stands that is carried out. */
const LIFT_EVERY_MS = 5_000;
/** How a role is used, and how short its grants may be: an assignment cannot be shorter than a minute. */
export const ROLES = {
  reader: { use: 'keys', weight: 5, shortestS: 5 },
  publisher: { use: 'keys', weight: 2, shortestS: 5 },
  checker: { use: 'own key', weight: 3, shortestS: 5 },
  analyst: { use: 'portal', weight: 2, shortestS: 60 },
  auditor: { use: 'portal', weight: 2, shortestS: 60 },
  clerk: { use: 'azure', weight: 3, shortestS: 60, target: 'azure/main' },
  // Sessions of a certificate are cut by a denial that AWS must have seen by then.
  'robot-1': { use: 'certificate', weight: 1, shortestS: 10 },
  'robot-2': { use: 'certificate', weight: 1, shortestS: 10 },
  'robot-3': { use: 'certificate', weight: 1, shortestS: 10 },
  'robot-4': { use: 'certificate', weight: 1, shortestS: 10 },
  // For when the storm is over: it has room.
  'robot-5': { use: 'certificate', weight: 0, shortestS: 10 },
} as const;
export type RoleName = keyof typeof ROLES;
function targetOf(role: RoleName): string {
  const of = ROLES[role];
  return 'target' in of ? of.target : 'aws/main';
}
const WEIGHTS = Object.fromEntries(Object.entries(ROLES).map(([name, { weight }]) => [name, weight])) as Record<
  RoleName,
  number
>;
/** Of the shortest and the longest grants that people ask for. */
const SHORTEST_S = 5;
/** How long somebody waits for an access that was promised. */
const PATIENCE_MS = 25_000;

/** People who ask for access, use it, give it back, and have it taken away, whatever breaks meanwhile. */
export class Crowd {
  readonly #url: string;
  readonly #wallet: Wallet;
  readonly #tokens = new Map<string, string>();
  readonly errands: Errand[] = [];
  #isOpen = true;
  readonly #closing = Promise.withResolvers<void>();
  killSwitch: KillSwitch | null = null;
  #loops: readonly Promise<void>[] = [];
  /** Ends before their time that people still mean to bring about. */
  readonly #later = new Set<Promise<void>>();
  #silences = 0;
  #failures = 0;

  constructor(url: string, wallet: Wallet) {
    this.#url = url;
    this.#wallet = wallet;
  }

  /** Calls without an answer. */
  get silences(): number {
    return this.#silences;
  }

  /** Calls that were answered with a server's error. */
  get failures(): number {
    return this.#failures;
  }

  /** Everybody begins to ask, for at most `longestS` seconds each time; the leads agree, and take away. */
  start(
    prng: Prng,
    people: { readonly engineers: readonly string[]; readonly leads: readonly string[] },
    longestS: number,
  ): void {
    const rest = { leads: people.leads, longestS };
    const killSwitch = new KillSwitch(
      (...asked) => this.#insist(...asked),
      (person, path) => this.#call(person, path, null),
      people.leads,
    );
    this.killSwitch = killSwitch;
    const orders = prng.fork('orders');
    const order = async () => {
      while (this.#isOpen) {
        await Promise.race([pause(orders.int(...ORDER_EVERY_MS)), this.#closing.promise]);
        if (this.#isOpen) await killSwitch.use(orders, people.engineers);
      }
    };
    const lift = async () => {
      for (let round = 0; this.#isOpen; round += 1) {
        await Promise.race([pause(LIFT_EVERY_MS), this.#closing.promise]);
        if (this.#isOpen) await killSwitch.liftForgotten(`lift-${round}`);
      }
    };
    this.#loops = [...people.engineers.map((person) => this.#live(person, prng.fork(person), rest)), order(), lift()];
  }

  /** Lets everybody finish what they are at. */
  async close(): Promise<void> {
    this.#isOpen = false;
    this.#closing.resolve();
    await Promise.all(this.#loops);
    await Promise.all(this.#later);
  }

  async #live(person: string, prng: Prng, rest: Rest): Promise<void> {
    await pause(prng.int(0, 2_000));
    while (this.#isOpen) {
      await this.#run(person, prng, rest);
      await pause(prng.int(200, 1_500));
    }
  }

  /** One errand, from asking to the end or to giving up. */
  async #run(person: string, prng: Prng, { leads, longestS }: Rest): Promise<void> {
    const lead = prng.pick(leads);
    const role = prng.weighted(WEIGHTS);
    const seconds = prng.int(SHORTEST_S, longestS) - SHORTEST_S + ROLES[role].shortestS;
    const early = prng.weighted({ expire: 5, return: 3, revoke: 2 });
    const part = prng.next();
    const twice = prng.chance(0.3);
    const key = prng.bytes(12).toString('hex');
    const errand = await this.request(person, role, seconds, key);
    if (errand.request === null) return;
    if (role === 'publisher') await this.#insist(lead, `/v1/requests/${errand.request}/approve`, {}, `${key}-a`);
    const endsAt = await this.untilActive(person, errand);
    if (endsAt === null || errand.grant === null) return;
    const { use } = ROLES[role];
    if (use === 'own key' || use === 'portal' || use === 'azure') this.#wallet.promise(person, role, endsAt);
    else
      for (const _ of twice ? [1, 2] : [1])
        await (use === 'keys' ? this.fetchKeys(person, errand.grant) : this.fetchCertificate(person, errand.grant));
    if (early === 'expire') return;
    const ended = this.#endEarly(early === 'return' ? person : lead, errand, early, (endsAt - Date.now()) * part);
    // Nobody waits idly for a minute: meanwhile they ask for more, also for the same once more.
    if (use !== 'portal' && use !== 'azure') return await ended;
    this.#later.add(ended);
    void ended.finally(() => this.#later.delete(ended));
  }

  /** Ends access when some of its time is over, or when everybody goes home. */
  async #endEarly(who: string, errand: Errand, how: 'return' | 'revoke', afterMs: number): Promise<void> {
    await Promise.race([pause(Math.max(0, afterMs)), this.#closing.promise]);
    if (await this.end(who, errand, how)) void this.#listenForEnd(errand.person, errand);
  }

  /** Asks for access, again and again with one key while nobody answers. */
  async request(person: string, role: RoleName, seconds: number, key: string): Promise<Errand> {
    const errand: Errand = {
      person,
      key,
      role,
      sentAt: Date.now(),
      endsAt: null,
      ackedAt: null,
      request: null,
      grant: null,
      shownAt: null,
      endAckedAt: null,
      saidEndedAt: null,
    };
    this.errands.push(errand);
    const body = { items: [{ role, target: targetOf(role) }], duration: `${seconds}s`, reason: key };
    const answer = await this.#insist(person, '/v1/requests', body, key);
    if (answer?.status === 201) {
      errand.ackedAt = Date.now();
      errand.request = String(answer.body['id']);
    }
    return errand;
  }

  /** Waits until the grant is active, and returns its end. `null`: it did not become active while somebody waited. */
  async untilActive(person: string, errand: Errand, patienceMs = PATIENCE_MS): Promise<number | null> {
    for (const until = Date.now() + patienceMs; Date.now() < until; await pause(400)) {
      const answer = await this.#call(person, `/v1/requests/${errand.request ?? ''}`, null);
      if (answer?.status === 404) return null;
      const [grant] = (answer?.body['grants'] ?? []) as readonly GrantAnswer[];
      if (grant === undefined) continue;
      if (errand.grant !== grant.id) errand.shownAt = Date.now();
      errand.grant = grant.id;
      if (grant.endsAt !== null) errand.endsAt = Date.parse(grant.endsAt);
      if (grant.status === 'active' && grant.endsAt !== null) return Date.parse(grant.endsAt);
      if (grant.status !== 'scheduled' && grant.status !== 'activating') return null;
    }
    return null;
  }

  /** Gets credentials and saves them. `null`: none were handed out. */
  async fetchKeys(person: string, grant: string): Promise<Saved | null> {
    const answer = await this.#call(person, `/v1/grants/${grant}/credentials`, {});
    if (answer?.status !== 200) return null;
    const { grant: of, ...keys } = answer.body as unknown as Keys & { readonly grant: { readonly endsAt: string } };
    return this.#wallet.save(grant, Date.parse(of.endsAt), keys);
  }

  /** Gets a certificate for a key of this machine, and saves it. `null`: none was handed out. */
  async fetchCertificate(person: string, grant: string): Promise<Saved | null> {
    const { publicKey, privateKey } = newHolderKey();
    let answer = await this.#call(person, `/v1/grants/${grant}/certificate`, { publicKey });
    // Roles Anywhere lets itself be asked once a second, and a broker that has just started asks.
    for (let tries = 0; answer?.status === 503 && tries < 5; tries += 1) {
      await pause(1_300);
      answer = await this.#call(person, `/v1/grants/${grant}/certificate`, { publicKey });
    }
    if (answer?.status !== 200) return null;
    const { certificate: pem, grant: of, ...names } = answer.body as unknown as CertificateAnswer;
    return this.#wallet.saveCertificate(grant, Date.parse(of.endsAt), { privateKey, certificate: { pem, ...names } });
  }

  /** Ends access before its time. True: it was acknowledged, by a broker that has written it down. */
  async end(who: string, errand: Errand, how: 'return' | 'revoke'): Promise<boolean> {
    const body = how === 'return' ? {} : { reason: 'chaos' };
    const answer = await this.#insist(who, `/v1/grants/${errand.grant ?? ''}/${how}`, body, `${errand.key}-e`);
    if (answer?.status !== 200) return false;
    errand.endAckedAt = Date.now();
    return true;
  }

  /** Remembers when a broker says that access has ended: from then on nothing may work. */
  async #listenForEnd(person: string, errand: Errand): Promise<void> {
    for (let tries = 0; tries < 45 && this.#isOpen; tries += 1) {
      await pause(2_000);
      const answer = await this.#call(person, `/v1/grants/${errand.grant ?? ''}`, null);
      if (answer?.status === 404) return;
      const endedAt = answer?.body['endedAt'];
      if (typeof endedAt !== 'string') continue;
      errand.saidEndedAt = Date.parse(endedAt);
      return;
    }
  }

  /** Repeats a call that was not answered, or only by a fault, with the same key; people do so a few times. */
  async #insist(person: string, path: string, body: object, key: string): Promise<Answered | null> {
    for (let tries = 0; tries < 8; tries += 1) {
      const answer = await this.#call(person, path, body, key);
      const isPassing = answer === null || answer.status >= 500 || answer.status === 409 || answer.status === 429;
      if (!isPassing) return answer;
      if (answer !== null && answer.body['code'] === 'idempotency-outcome-unknown') return null;
      await pause(900);
    }
    return null;
  }

  async #call(person: string, path: string, body: object | null, key?: string): Promise<Answered | null> {
    const token = await this.#token(person);
    if (token === null) return null;
    const answer = await ask(`${this.#url}${path}`, token, body, {
      timeoutMs: CALL_MS,
      ...(key === undefined ? {} : { key }),
    });
    if (answer.kind === 'silence') {
      this.#silences += 1;
      return null;
    }
    if (answer.status >= 500) this.#failures += 1;
    // After a restore the database may not know the person any more: they sign in again.
    if (answer.status === 401) this.#tokens.delete(person);
    return answer;
  }

  async #token(person: string): Promise<string | null> {
    const known = this.#tokens.get(person);
    if (known !== undefined) return known;
    const timer = new AbortController();
    const late = pause(CALL_MS, null, { signal: timer.signal }).catch(() => null);
    const signedIn = signIn(this.#url, person).catch(() => null);
    const tokens = await Promise.race([signedIn, late]);
    timer.abort();
    if (tokens === null) return null;
    this.#tokens.set(person, tokens.accessToken);
    return tokens.accessToken;
  }
}

interface Rest {
  readonly leads: readonly string[];
  readonly longestS: number;
}

type Answered = Extract<Answer, { kind: 'answer' }>;

interface CertificateAnswer extends Omit<HolderCertificate['certificate'], 'pem'> {
  readonly certificate: string;
  readonly grant: { readonly endsAt: string };
}

interface GrantAnswer {
  readonly id: string;
  readonly status: string;
  readonly endsAt: string | null;
}
