import { errors, type Adapter, type AdapterPayload } from 'oidc-provider';
import { parseId, type SessionId } from '../core/ids.ts';
import { after } from '../core/time.ts';
import type { Clock } from '../platform/clock.ts';
import {
  consumeOidcPayload,
  deleteExpiredOidcPayloads,
  deleteSurplusOidcPayloads,
  findOidcPayload,
  saveOidcPayload,
  signInOfOidcPayload,
  takeOidcPayload,
  type FoundOidcPayload,
} from '../store/oidc-payloads.ts';
import type { Db } from '../store/schema.ts';
import type { Seal } from './seal.ts';
import { signInId } from './sign-in-id.ts';

/** Artifacts that end with the authorization they came from. */
const OF_A_GRANT = new Set(['AccessToken', 'AuthorizationCode', 'RefreshToken', 'DeviceCode']);
/** What stands for a sign-in that nobody has finished yet; anybody can begin one. */
const UNFINISHED = new Set(['Interaction', 'Session', 'DeviceCode']);
/**
 * So many of each are kept; the oldest make room. Whoever floods us must begin so many within the minute that somebody
 * else takes to sign in, and rates are limited besides; refusing new ones instead would lock everybody out at once.
 */
export const MOST_UNFINISHED = 5_000;
/** What has ended stays this long, so that its user hears "expired" and not "unknown". */
const KEPT_AFTER_END_MS = 600_000;

/**
 * Ends a sign-in of the command line: everything that came out of it, with an entry in the log, in one transaction. One that stands no more
 * is left alone. The composition root fills it.
 *
 * `signed-out`: its owner gave it back; `replayed`: a code or a refresh token of it came a second time, so somebody has a copy;
 * `signed-out-at-company`: it ended there before it was finished here.
 */
export type EndSignIn = (
  id: SessionId,
  cause: 'signed-out' | 'replayed' | 'signed-out-at-company' | 'account-unlinked',
) => Promise<void>;

export interface OidcAdapterParts {
  readonly db: Db;
  readonly seal: Seal;
  readonly clock: Clock;
  readonly endSignIn: EndSignIn;
}

/** Makes the storage of the authorization server on our database, one adapter a model. See {@link Seal} for what is stored. */
export function createOidcAdapters(parts: OidcAdapterParts): (model: string) => Adapter {
  return (model) => new OidcAdapter(model, parts);
}

class OidcAdapter implements Adapter {
  readonly #model: string;
  readonly #db: Db;
  readonly #seal: Seal;
  readonly #clock: Clock;
  readonly #endSignIn: EndSignIn;

  constructor(model: string, { db, seal, clock, endSignIn }: OidcAdapterParts) {
    this.#model = model;
    this.#endSignIn = endSignIn;
    this.#db = db;
    this.#seal = seal;
    this.#clock = clock;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn?: number): Promise<void> {
    const now = this.#clock.now();
    // Every sign-in begins with an interaction: the place to clear what has ended, without a job for it.
    if (this.#model === 'Interaction') await deleteExpiredOidcPayloads(this.#db, after(now, -KEPT_AFTER_END_MS));
    if (UNFINISHED.has(this.#model)) await deleteSurplusOidcPayloads(this.#db, this.#model, MOST_UNFINISHED);
    const idHash = this.#seal.hash(id);
    const grantId = this.#model === 'Grant' ? id : OF_A_GRANT.has(this.#model) ? (payload.grantId ?? null) : null;
    await saveOidcPayload(this.#db, {
      model: this.#model,
      idHash,
      sealed: this.#seal.seal(JSON.stringify(payload), this.#place(idHash)),
      grantId: OF_A_GRANT.has(this.#model) ? (payload.grantId ?? null) : null,
      uid: this.#model === 'Session' ? (payload.uid ?? null) : null,
      userCodeHash: payload.userCode === undefined ? null : this.#seal.keyedHash(payload.userCode),
      expiresAt: expiresIn === undefined ? null : after(now, expiresIn * 1_000),
      // A sign-in is listed for its person, who can end it there.
      person: grantId === null ? null : parseId('per', payload.accountId ?? ''),
      signIn: grantId === null ? null : signInId(grantId),
      savedAt: now,
    });
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    return this.#read(await findOidcPayload(this.#db, this.#model, { idHash: this.#seal.hash(id) }));
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    return this.#read(await findOidcPayload(this.#db, this.#model, { uid }));
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    return this.#read(await findOidcPayload(this.#db, this.#model, { userCodeHash: this.#seal.keyedHash(userCode) }));
  }

  /**
   * Uses a code or a refresh token up. The provider looks whether it was used before it calls this, so two callers at one
   * instant both get here; the second one finds it used, which is reuse: the whole sign-in ends (RFC 9700, section 4.14).
   */
  async consume(id: string): Promise<void> {
    const idHash = this.#seal.hash(id);
    if (await consumeOidcPayload(this.#db, this.#model, idHash, this.#clock.now())) return;
    const found = await signInOfOidcPayload(this.#db, this.#model, idHash);
    if (found !== null) await this.#endSignIn(found.signIn, 'replayed');
    throw new errors.InvalidGrant(`${this.#model} was used twice`);
  }

  /**
   * Removes an artifact. The provider removes a refresh token where somebody signs out with it, before anything else of the sign-in, or
   * where it was used before.
   */
  async destroy(id: string): Promise<void> {
    if (this.#model === 'Grant') return this.revokeByGrantId(id);
    const idHash = this.#seal.hash(id);
    const found = this.#model === 'RefreshToken' ? await signInOfOidcPayload(this.#db, this.#model, idHash) : null;
    if (found === null) await takeOidcPayload(this.#db, this.#model, idHash);
    else await this.#endSignIn(found.signIn, found.consumed ? 'replayed' : 'signed-out');
  }

  /** The provider calls this for each model: behind a refresh token that it removed, which ended the sign-in already, and because of reuse. */
  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#endSignIn(signInId(grantId), 'replayed');
  }

  #place(idHash: string): string {
    return `${this.#model}:${idHash}`;
  }

  #read(found: FoundOidcPayload | null): AdapterPayload | undefined {
    const text = found === null ? null : this.#seal.open(found.sealed, this.#place(found.idHash));
    if (found === null || text === null) return undefined;
    const payload = JSON.parse(text) as AdapterPayload;
    return found.consumedAt === null ? payload : { ...payload, consumed: Math.floor(found.consumedAt / 1_000) };
  }
}
