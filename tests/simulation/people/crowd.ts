import type { GrantId, PersonId, RequestId } from '../../../src/core/ids.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../../../src/operations/decide-request.ts';
import { returnGrant, revokeGrant } from '../../../src/operations/end-grant.ts';
import { extendGrant } from '../../../src/operations/extend-grant.ts';
import { issueCredential, type CredentialView } from '../../../src/operations/issue-credential.ts';
import { requestAccess } from '../../../src/operations/request-access.ts';
import type { Actor } from '../../../src/operations/world.ts';
import { ENGINEERS, EVERYBODY, LEADS } from '../broker/company.ts';
import { SIMULATED } from '../broker/faulty-connection.ts';
import type { BrokerNode } from '../broker/node.ts';
import type { Observer } from '../checkers/observer.ts';
import type { GrantRow } from '../checkers/rows.ts';
import { isAnywhere } from '../cloud/anywhere-method.ts';
import { BINDING, type SimCloud } from '../cloud/sim-cloud.ts';
import { fingerprintOf } from '../cloud/sim-provider.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Answer, Do, Operation } from './do.ts';
import { drawRequest } from './draw-request.ts';
import { Holders } from './holders.ts';
import { Orders } from './orders.ts';

export interface CrowdParts {
  readonly storm: Storm;
  readonly cloud: SimCloud;
  readonly observer: Observer;
  /** The nodes that are alive. */
  readonly nodes: () => readonly BrokerNode[];
  readonly people: ReadonlyMap<string, PersonId>;
}

const ACTIONS = {
  ask: 8,
  decide: 9,
  withdraw: 0.5,
  giveBack: 1,
  giveAllBack: 0.2,
  takeAway: 0.7,
  extend: 5,
  takeAllAway: 0.2,
  credential: 5,
  session: 1.5,
  use: 2,
};

/** In so many runs something takes longer for many at once, so much more seldom than anybody does anything. */
const MASSES = { runs: 0.4, seldomer: 25 };

/** Methods by which something is handed out. */
const HANDING: ReadonlySet<string> = new Set(['assume-role', 'roles-anywhere', BINDING]);

/** People who ask, decide, give back, take away and keep credentials for later; not always wisely, and often at once. */
export class Crowd {
  readonly #parts: CrowdParts;
  readonly #prng: Prng;
  readonly orders: Orders;
  readonly holders: Holders;
  /** Every credential that anybody ever got, with the grant it was issued under. */
  readonly #kept: { readonly key: string; readonly grant: GrantId; readonly expiresAt: number }[] = [];

  constructor(parts: CrowdParts) {
    this.#parts = parts;
    this.#prng = parts.storm.prng.fork('people');
    const act: Do = (key, what, operation, grant) => this.do(key, what, operation, grant);
    this.orders = new Orders(act, parts.observer, parts.storm);
    this.holders = new Holders(act, parts.cloud.anywhere, parts.observer, parts.storm);
  }

  /** Acts at random moments for as long as the storm goes on. */
  async live(): Promise<void> {
    const { storm } = this.#parts;
    void this.holders.live((person) => this.#keyOf(person));
    void this.#liveInMasses();
    while (!storm.calm) {
      await storm.scheduler.until(null, storm.scheduler.now + this.#prng.int(1, storm.weather.people.everyMs));
      if (storm.calm) return;
      void this.#act();
    }
  }

  /** What people do in masses beside, by chance of its own. */
  async #liveInMasses(): Promise<void> {
    const { scheduler } = this.#parts.storm;
    const prng = this.#parts.storm.prng.fork('people in masses');
    if (!prng.chance(MASSES.runs)) return;
    for (;;) {
      const everyMs = MASSES.seldomer * this.#parts.storm.weather.people.everyMs;
      await scheduler.until(null, scheduler.now + prng.int(1, everyMs));
      if (this.#parts.storm.calm) return;
      void this.#extendAll(prng);
    }
  }

  #act(): Promise<unknown> {
    const { drawn, weather } = this.#parts.storm;
    const ofOrders = { order: weather.people.orders, confirm: weather.people.orders, lift: 3 * drawn.people.orders };
    switch (this.#prng.weighted({ ...ACTIONS, ...ofOrders })) {
      case 'order':
        return this.orders.give();
      case 'confirm':
        return this.orders.confirm();
      case 'lift':
        return this.orders.lift();
      case 'giveAllBack':
        return this.#giveAllBack();
      case 'takeAllAway':
        return this.#takeAllAway();
      case 'ask':
        return this.#ask();
      case 'decide':
        return this.#decide();
      case 'withdraw':
        return this.#withdraw();
      case 'giveBack':
        return this.#giveBack();
      case 'takeAway':
        return this.#takeAway();
      case 'extend':
        return this.#extend();
      case 'credential':
        return this.#fetchCredential();
      case 'session':
        return Promise.resolve(this.holders.make());
      case 'use':
        return this.#prng.chance(0.5) ? this.#use() : Promise.resolve(this.holders.use());
    }
  }

  async #ask(): Promise<void> {
    const { scheduler, weather } = this.#parts.storm;
    const live = this.#prng.chance(0.3) ? this.#live() : [];
    const held = live.length === 0 ? null : this.#prng.pick(live);
    const again = held === null ? null : { ...held, key: this.#keyOf(held.person) };
    const { input, key, words } = drawRequest(this.#prng, scheduler.now, weather.people.haste, again);
    const answer = await this.do(key, `asks for ${words}`, (node, actor) => requestAccess(node.world, actor, input));
    if (answer !== null && !answer.ok) this.#parts.storm.marks.hit('input-refused');
  }

  async #decide(): Promise<void> {
    const { observer, storm } = this.#parts;
    const all = [...observer.requests.values()];
    const open = all.filter((request) => request.state === 'pending');
    const from = open.length > 0 && this.#prng.chance(0.9) ? open : all;
    if (from.length === 0) return;
    const request = this.#prng.pick(from);
    const id = request.id as RequestId;
    const decide = async (key: string) => {
      const approve = this.#prng.chance(0.85);
      const how = approve ? approveRequest : denyRequest;
      const answer = await this.do(key, `${approve ? 'approves' : 'denies'} ${short(id)}`, (node, actor) =>
        how(node.world, actor, id, { comment: 'simulated' }),
      );
      if (answer === null || answer.ok) return;
      if (answer.code === 'self-approval') storm.marks.hit('self-approval-refused');
      if (answer.code === 'already-decided' || answer.code === 'request-lapsed')
        storm.marks.hit('approval-after-decision');
    };
    const one = this.#prng.chance(0.8) ? this.#prng.pick(LEADS) : this.#prng.pick(EVERYBODY);
    if (this.#prng.chance(0.3)) {
      const other = this.#prng.pick(LEADS);
      if (one !== other) storm.marks.hit('two-approvals-at-once');
      await Promise.all([decide(one), decide(other)]);
    } else await decide(one);
  }

  async #withdraw(): Promise<void> {
    const requests = [...this.#parts.observer.requests.values()];
    if (requests.length === 0) return;
    const request = this.#prng.pick(requests);
    const key = this.#prng.chance(0.9) ? this.#keyOf(request.person) : this.#prng.pick(EVERYBODY);
    await this.do(key, `withdraws ${short(request.id)}`, (node, actor) =>
      withdrawRequest(node.world, actor, request.id as RequestId),
    );
  }

  async #giveBack(): Promise<void> {
    const grant = this.#anyGrant();
    if (grant === null) return;
    const key = this.#prng.chance(0.95) ? this.#keyOf(grant.person) : this.#prng.pick(EVERYBODY);
    await this.giveBack(key, grant.id as GrantId);
  }

  async giveBack(key: string, grant: GrantId): Promise<Answer | null> {
    return this.#end(key, `gives back ${short(grant)}`, grant, (node, actor) => returnGrant(node.world, actor, grant));
  }

  async #takeAway(): Promise<void> {
    const grant = this.#anyGrant();
    if (grant === null) return;
    const key = this.#prng.chance(0.9) ? this.#prng.pick(LEADS) : this.#prng.pick(EVERYBODY);
    await this.#takeOneAway(key, grant.id as GrantId);
  }

  async #giveAllBack(): Promise<void> {
    const key = this.#prng.pick(ENGINEERS);
    const own = this.#live().filter((grant) => this.#keyOf(grant.person) === key);
    if (own.length > 1) this.#parts.storm.marks.hit('returned-in-masses');
    await Promise.all(own.map((grant) => this.giveBack(key, grant.id as GrantId)));
  }

  async #takeAllAway(): Promise<void> {
    const live = this.#live();
    if (live.length === 0) return;
    const [one, byTarget, key] = [this.#prng.pick(live), this.#prng.chance(0.5), this.#prng.pick(LEADS)];
    const all = live.filter((grant) => (byTarget ? grant.target === one.target : grant.person === one.person));
    if (all.length > 1) this.#parts.storm.marks.hit('revoked-in-masses');
    await Promise.all(all.map((grant) => this.#takeOneAway(key, grant.id as GrantId)));
  }

  #takeOneAway(key: string, grant: GrantId): Promise<Answer | null> {
    return this.#end(key, `takes away ${short(grant)}`, grant, (node, actor) =>
      revokeGrant(node.world, actor, grant, { reason: 'simulated' }),
    );
  }

  /** Somebody needs longer; often twice at once, now and then as they give it back, and sometimes what is not theirs. */
  async #extend(): Promise<void> {
    const grant = this.#anyGrant('active');
    if (grant === null) return;
    const key = this.#prng.chance(0.95) ? this.#keyOf(grant.person) : this.#prng.pick(EVERYBODY);
    const id = grant.id as GrantId;
    const durationMs = this.#prng.chance(0.95)
      ? this.#prng.int(5, 150) * 1_000
      : this.#prng.pick([0, -1_000, 3_600_000]);
    const also = this.#prng.weighted({ nothing: 7, again: 2, return: 1 });
    await Promise.all([
      this.extend(key, id, durationMs),
      also === 'again' ? this.extend(key, id, durationMs + 10_000) : also === 'return' ? this.giveBack(key, id) : null,
    ]);
  }

  /** Something takes longer: everybody on a target, everybody at all, or somebody with all that they hold, extends at the same moment. */
  async #extendAll(prng: Prng): Promise<void> {
    const active = this.#live().filter((grant) => grant.state === 'active');
    if (active.length === 0) return;
    const [one, who] = [prng.pick(active), prng.weighted({ target: 3, person: 3, everybody: 1 })];
    const all = active.filter(
      (grant) => who === 'everybody' || (who === 'target' ? grant.target === one.target : grant.person === one.person),
    );
    const durationMs = prng.int(5, 150) * 1_000;
    const asked = all.map((grant) => this.extend(this.#keyOf(grant.person), grant.id as GrantId, durationMs, prng));
    const taken = (await Promise.all(asked)).filter((answer) => answer?.ok === true);
    if (taken.length > 1) this.#parts.storm.marks.hit('extended-in-masses');
  }

  async extend(key: string, grant: GrantId, durationMs: number, prng = this.#prng): Promise<Answer | null> {
    const what = `extends ${short(grant)} by ${durationMs} ms`;
    const input = { durationMs, reason: 'simulated' };
    return this.do(key, what, (node, actor) => extendGrant(node.world, actor, grant, input), null, prng);
  }

  /** Ends a grant on some node, and holds that node to its word. */
  async #end<T>(key: string, what: string, grant: GrantId, operation: Operation<T>): Promise<Answer | null> {
    const { observer, storm } = this.#parts;
    let life: BrokerNode['life'] | null = null;
    const asking = observer.wishes.ask(grant);
    const answer = await this.do(
      key,
      what,
      (node, actor) => {
        life = node.life;
        asking.of(node);
        return operation(node, actor);
      },
      grant,
    );
    asking.answered(answer);
    if (life !== null && answer?.ok === false && answer.code === 'recorded-late') {
      observer.wishes.add(grant, storm.scheduler.now, life, () => storm.scheduler.now);
    }
    return answer;
  }

  async #fetchCredential(): Promise<void> {
    const grant = this.#anyGrant('active', (row) => HANDING.has(row.method));
    if (grant === null) return;
    const [key, id] = [this.#keyOf(grant.person), grant.id as GrantId];
    // Somebody says that they are done while a tool of theirs is still fetching.
    const fetch = isAnywhere(grant) ? this.#fetchCertificate(key, id) : this.fetchCredential(key, id);
    await Promise.all([fetch, this.#prng.chance(0.2) ? this.giveBack(key, id) : null]);
  }

  /** Whoever gets a certificate mostly uses it at once. */
  async #fetchCertificate(key: string, grant: GrantId): Promise<void> {
    const certificate = await this.holders.fetch(key, grant);
    if (certificate !== null && this.#prng.chance(0.8)) this.holders.makeWith(certificate);
  }

  /** Gets a credential and keeps it. `null`: none was handed out. */
  async fetchCredential(key: string, grant: GrantId): Promise<string | null> {
    const { storm, observer } = this.#parts;
    const what = `fetches a credential of ${short(grant)}`;
    const answer = await this.do(key, what, (node, actor) => issueCredential(node.world, actor, grant), grant);
    if (answer === null || !answer.ok) return null;
    const view = answer.value as CredentialView;
    const credential = view.secret.accessKeyId;
    storm.marks.hit('credential-handed-out');
    this.#kept.push({ key: credential, grant, expiresAt: Date.parse(view.expiresAt) });
    observer.violations.judge('credential-recorded');
    const recorded = observer.ledger.credential(fingerprintOf({ key: credential }));
    if (recorded === undefined) this.#report(`${credential} was handed out, and the ledger does not know it`);
    else if (recorded.state !== 'active')
      this.#report(`${credential} was handed out under ${short(grant)}, which was ${recorded.state}`);
    if (Date.parse(view.usableUntil) > (observer.grants.get(grant)?.endsAt ?? 0)) {
      this.#report(`${credential} claims to work past the end of ${short(grant)}`);
    }
    return credential;
  }

  /** Whether the cloud serves a kept credential now. */
  works(credential: string): boolean {
    return this.#parts.cloud.accepts(credential);
  }

  /** Tries a kept credential. Whether it ought to work is judged from the rows alone. */
  async #use(): Promise<void> {
    if (this.#kept.length === 0) return;
    const { storm, observer } = this.#parts;
    const kept = this.#prng.pick(this.#kept);
    const works = this.works(kept.key);
    const row = observer.grants.get(kept.grant);
    storm.trace.note('people', `use ${kept.key} of ${short(kept.grant)}: ${works ? 'served' : 'refused'}`);
    if (!works) storm.marks.hit('credential-refused');
    if (row?.endedAt !== null) observer.violations.judge('credential-refused');
    if (works && row?.endedAt !== null)
      this.#report(`${kept.key} works although ${short(kept.grant)} is ${row?.state ?? 'unknown'}`);
  }

  /** Lets a person do something on any node that is alive, by `prng`. `null`: there was no answer, or an error. */
  async do<T>(
    key: string,
    what: string,
    operation: Operation<T>,
    grant: string | null = null,
    prng = this.#prng,
  ): Promise<Answer | null> {
    const { storm, people } = this.#parts;
    const nodes = this.#parts.nodes();
    const person = people.get(key);
    if (nodes.length === 0 || person === undefined) return null;
    const node = prng.pick(nodes);
    const actor: Actor = { kind: 'person', person, key, roles: [], context: { via: 'cli' } };
    storm.trace.note(key, `${what} (${node.life.name})`);
    const done = this.#parts.observer.asks(node.life.name, grant);
    try {
      const answer = await Promise.race([operation(node, actor), node.life.death]);
      if (answer === 'died') return null;
      if (answer.ok) return answer;
      storm.trace.note(key, `${what}: ${answer.refusal.code}`);
      if (answer.refusal.code === 'recorded-late') storm.marks.hit('recorded-late');
      return { ok: false, code: answer.refusal.code };
    } catch (error) {
      const text = String(error);
      storm.trace.note(key, `${what}: ${text}`);
      if (!text.includes(SIMULATED)) this.#parts.observer.violations.report('defects', `${key} ${what}: ${text}`);
      return null;
    } finally {
      done();
    }
  }

  #report(text: string): void {
    this.#parts.observer.violations.report('credentials', text);
  }

  #live() {
    return [...this.#parts.observer.grants.values()].filter((grant) => grant.endedAt === null);
  }

  #anyGrant(wanted = 'activating', such: (row: GrantRow) => boolean = () => true) {
    const every = [...this.#parts.observer.grants.values()];
    if (every.length === 0) return null;
    const chosen = every.filter(such);
    const all = chosen.length > 0 && this.#prng.chance(0.9) ? chosen : every;
    const live = all.filter((grant) => grant.endedAt === null);
    // What is under way is where most can go wrong.
    const first = live.filter((grant) => grant.state === wanted);
    if (first.length > 0 && this.#prng.chance(wanted === 'active' ? 0.9 : 0.4)) return this.#prng.pick(first);
    return this.#prng.pick(live.length > 0 && this.#prng.chance(0.9) ? live : all);
  }

  #keyOf(person: string): string {
    for (const [key, id] of this.#parts.people) if (id === person) return key;
    throw new Error(`nobody is ${person}`);
  }
}
