import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { makeP256Pem } from '../../platform/key-files.ts';
import { readIfThere, remove, writePrivate } from '../private-file.ts';
import type { Surroundings } from '../surroundings.ts';
import { fields, isFields, parseJson, text, textOrNull, type Fields } from '../wire.ts';
import { cachePath, readCached, writeCached, type CachedCredentials } from './cache.ts';
import { createSession, type HeldCertificate } from './create-session.ts';
import { activeGrant, answer, check, document, holds, type CredsOptions, type Session } from './creds-aws.ts';

/** For this long after the server has said that the grant lives, nobody asks again. */
const TRUST_MS = 30_000;

/**
 * The `credential_process` of a machine outside AWS: makes sessions by itself with a certificate of the live grant. The key is made here and
 * stays here. The server is asked when there is no good certificate; without it, sessions can be made until the grant ends.
 */
export async function credsAwsAnywhere(place: Surroundings, options: CredsOptions): Promise<ExitCode> {
  return answer(place, options, async (session) => document(await current(session)));
}

/** Prints a certificate for the key of a PKCS #10 request and the ARNs that `aws_signing_helper` needs, as JSON. */
export async function certificateFor(place: Surroundings, options: CredsOptions, csr: string): Promise<ExitCode> {
  const request = readIfThere(csr);
  if (request === null) throw new Failure(`There is no file ${csr}.`, { exit: EXIT.usage, code: 'no-such-file' });
  // Nothing is kept here: the key is somebody else's.
  return answer(place, options, async (session) => JSON.stringify(await obtain(session, request), null, 2));
}

/** The key of this machine for one role on one target, and the certificate that goes with it. Holds a secret. */
interface Holder {
  readonly privateKey: string;
  readonly publicKey: string;
  readonly held: HeldCertificate | null;
}

async function current(session: Session): Promise<CachedCredentials> {
  const { place } = session;
  // Of a method of its own, so that it never meets what `creds aws` keeps of a role of the same name.
  const path = cachePath(place, { ...session, role: `anywhere:${session.role}` });
  const keyPath = path.replace(/\.json$/, '.holder');
  const cached = readCached(path);
  const now = place.clock.now();
  if (cached !== null && holds(cached, now)) {
    const agoMs = now - cached.checkedAt;
    if (agoMs >= 0 && agoMs < TRUST_MS) return cached;
    const verdict = await check(session, cached);
    if (verdict === 'unknown') return cached;
    if (verdict === 'lives') return keep(session, path, { ...cached, checkedAt: now });
    remove(path);
    // The certificate of a grant that is over makes sessions that can do nothing; a cut leaves it good.
    if (verdict === 'over') remove(keyPath);
  }
  const holder = readHolder(keyPath) ?? { ...makeP256Pem(), held: null };
  if (holder.held !== null && Date.parse(holder.held.expiresAt) > now) {
    const made = await madeWith(session, holder.privateKey, holder.held);
    if (made !== null) return keep(session, path, made);
  }
  const held = await obtain(session, holder.publicKey);
  writePrivate(place.random, keyPath, `${JSON.stringify({ ...holder, held })}\n`);
  const made = await createSession(session.http, held, holder.privateKey, place.clock.now());
  return keep(session, path, { ...nothing(session, held), ...bounded(made, held), checkedAt: now });
}

/** A session with the certificate that is there; `null` when AWS does not take that any more, so that a new one is asked for. */
async function madeWith(
  session: Session,
  privateKey: string,
  held: HeldCertificate,
): Promise<CachedCredentials | null> {
  try {
    const made = await createSession(session.http, held, privateKey, session.place.clock.now());
    return { ...nothing(session, held), ...bounded(made, held) };
  } catch (error) {
    if (error instanceof Failure && error.code === 'session-refused') return null;
    throw error;
  }
}

/** A session is good for nothing after the end of its grant, whatever it says itself. */
function bounded(made: Awaited<ReturnType<typeof createSession>>, held: HeldCertificate) {
  const { expiration, ...keys } = made;
  const usableUntil = new Date(Math.min(Date.parse(expiration), Date.parse(held.grantEndsAt))).toISOString();
  return { ...keys, usableUntil };
}

function nothing(session: Session, { grant, grantEndsAt, region }: HeldCertificate): CachedCredentials {
  const { server, profile, place } = session;
  const issuedAt = place.clock.now();
  const keys = { accessKeyId: '', secretAccessKey: '', sessionToken: '' };
  return { server, profile, grant, grantEndsAt, region, ...keys, usableUntil: grantEndsAt, issuedAt, checkedAt: 0 };
}

function keep(session: Session, path: string, credentials: CachedCredentials): CachedCredentials {
  writeCached(session.place, path, credentials);
  return credentials;
}

/** Asks the server for a certificate of the live grant. Only the public half of the key leaves this machine. */
async function obtain(session: Session, publicKey: string): Promise<HeldCertificate> {
  const grant = await activeGrant(session);
  return certificateView(await session.api.post(`/grants/${grant.id}/certificate`, { publicKey }));
}

function certificateView(of: Fields): HeldCertificate {
  const grant = fields(of['grant'], 'grant');
  return {
    grant: text(grant, 'id'),
    grantEndsAt: text(grant, 'endsAt'),
    certificate: text(of, 'certificate'),
    roleArn: text(of, 'roleArn'),
    profileArn: text(of, 'profileArn'),
    trustAnchorArn: text(of, 'trustAnchorArn'),
    region: text(of, 'region'),
    endpoint: textOrNull(of, 'endpoint'),
    expiresAt: text(of, 'expiresAt'),
  };
}

function readHolder(path: string): Holder | null {
  const stored = readIfThere(path);
  const of = stored === null ? null : parseJson(stored);
  if (!isFields(of)) return null;
  const [privateKey, publicKey] = [textOrNull(of, 'privateKey'), textOrNull(of, 'publicKey')];
  if (privateKey === null || publicKey === null) return null;
  const held = of['held'];
  return { privateKey, publicKey, held: isFields(held) ? heldOf(held) : null };
}

/** As it was kept: the same fields, flat. */
function heldOf(of: Fields): HeldCertificate {
  return certificateView({ ...of, grant: { id: of['grant'], endsAt: of['grantEndsAt'] } });
}
