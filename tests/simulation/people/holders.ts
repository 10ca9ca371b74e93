import type { GrantId } from '../../../src/core/ids.ts';
import { issueCertificate, type CertificateView } from '../../../src/operations/issue-credential.ts';
import { NATIVE } from '../broker/company.ts';
import type { Observer } from '../checkers/observer.ts';
import { isAnywhere } from '../cloud/anywhere-method.ts';
import type { SimAnywhere } from '../cloud/sim-anywhere.ts';
import { fingerprintOfKey, type SimCertificate } from '../cloud/sim-authority.ts';
import type { Prng } from '../kernel/prng.ts';
import type { Storm } from '../kernel/storm.ts';
import { short } from '../kernel/trace.ts';
import type { Do } from './do.ts';

/** Machines outside the cloud: they have certificates issued for their keys, keep them, and make sessions with them whenever they like. */
export class Holders {
  readonly #do: Do;
  readonly #anywhere: SimAnywhere;
  readonly #observer: Observer;
  readonly #storm: Storm;
  readonly #prng: Prng;
  readonly #certificates: SimCertificate[] = [];
  readonly #sessions: { readonly key: string; readonly grant: string }[] = [];

  constructor(act: Do, anywhere: SimAnywhere, observer: Observer, storm: Storm) {
    this.#do = act;
    this.#anywhere = anywhere;
    this.#observer = observer;
    this.#storm = storm;
    this.#prng = storm.prng.fork('holders');
  }

  /** Jobs wait for their access, have a certificate issued as soon as they see it, and make a session: for as long as the storm goes on. */
  async live(keyOf: (person: string) => string): Promise<void> {
    const { scheduler } = this.#storm;
    const served = new Set<string>();
    while (!this.#storm.calm) {
      await scheduler.until(null, scheduler.now + this.#prng.int(500, 4_000));
      if (this.#storm.calm) return;
      const waiting = [...this.#observer.grants.values()].filter(
        (row) => isAnywhere(row) && row.state === 'active' && !served.has(row.id),
      );
      if (waiting.length === 0) continue;
      const { id, person } = this.#prng.pick(waiting);
      const certificate = await this.fetch(keyOf(person), id as GrantId);
      if (certificate !== null) served.add(id);
      if (certificate !== null && this.#prng.chance(0.8)) this.makeWith(certificate);
    }
  }

  /** Has a certificate issued, and keeps it. `null`: none was handed out. */
  async fetch(key: string, grant: GrantId): Promise<SimCertificate | null> {
    const { scheduler, drawn, marks } = this.#storm;
    const asked = scheduler.now;
    const holderKey = `-----BEGIN PUBLIC KEY-----\n${key} ${this.#prng.int(1, 3)}\n-----END PUBLIC KEY-----\n`;
    const undone = this.#anywhere.isUndone(grant);
    const answer = await this.#do(
      key,
      `fetches a certificate of ${short(grant)}`,
      (node, actor) => issueCertificate(node.world, actor, grant, { publicKey: holderKey }),
      grant,
    );
    if (undone && answer?.ok === false && answer.code === 'provider-fault') marks.hit('certificate-refused');
    if (answer === null || !answer.ok) return null;
    const { certificate: view, expiresAt } = answer.value as CertificateView;
    const certificate = this.#anywhere.handOut(view.pem);
    this.#certificates.push(certificate);
    marks.hit('certificate-handed-out');
    this.#observer.violations.judge('credential-recorded');
    const recorded = this.#observer.ledger.credential(fingerprintOfKey(grant, holderKey));
    if (recorded === undefined)
      this.#report(`a certificate of ${short(grant)} was handed out, and the ledger does not know it`);
    else if (recorded.state !== 'active' || recorded.grant !== grant)
      this.#report(`a certificate of ${short(grant)} was handed out, which was ${recorded.state}`);
    const row = this.#observer.grants.get(grant);
    const endsAt = row?.endsAt ?? 0;
    if (certificate.grant !== grant || certificate.notAfter > endsAt || Date.parse(expiresAt) > endsAt)
      this.#report(`a certificate of ${short(grant)} is good past its end, or for another grant`);
    // A look may show what stood there a while before somebody asked.
    this.#observer.violations.judge('armed-before-certificate');
    const since = asked - drawn.cloud.staleMs;
    if (!this.#anywhere.denied(NATIVE[row?.target ?? ''] ?? '', grant, { since, until: row?.boundUntil ?? 0 }))
      this.#report(`a certificate of ${short(grant)} was handed out, and its role does not end the sessions of it`);
    return certificate;
  }

  /** Makes a session, often with a certificate that should not make any more. */
  make(): void {
    if (this.#certificates.length > 0) this.makeWith(this.#prng.pick(this.#certificates));
  }

  /** `null`: there is none. */
  makeWith(certificate: SimCertificate): string | null {
    const { marks, trace } = this.#storm;
    const { grant } = certificate;
    const made = this.#anywhere.createSession(certificate, this.#prng.int(900, 3_600) * 1_000);
    trace.note('people', `make a session of ${short(grant)}: ${'key' in made ? made.key : made.why}`);
    if ('why' in made) {
      if (made.why === 'expired') marks.hit('session-after-the-end-refused');
      if (made.why === 'revoked') marks.hit('session-of-revoked-refused');
      return null;
    }
    marks.hit('session-made');
    this.#sessions.push({ key: made.key, grant });
    return made.key;
  }

  works(session: string): boolean {
    return this.#anywhere.accepts(session);
  }

  /** Tries a kept session. Whether it ought to work is judged by whoever looks at the cloud; here it is only seen what becomes of it. */
  use(): void {
    if (this.#sessions.length === 0) return;
    const { key, grant } = this.#prng.pick(this.#sessions);
    const works = this.works(key);
    this.#storm.trace.note('people', `use ${key} of ${short(grant)}: ${works ? 'served' : 'refused'}`);
    const over = this.#observer.grants.get(grant)?.endedAt !== null;
    if (!works && over) this.#storm.marks.hit('session-refused');
  }

  #report(text: string): void {
    this.#observer.violations.report('credentials', text);
  }
}
