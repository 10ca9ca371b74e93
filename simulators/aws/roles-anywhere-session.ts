import { verify } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { isStrong, readBundle, readCertificate, readRevocationList, type Certificate } from './certificates.ts';
import { header, queryValue, type HttpAnswer, type HttpCall } from '../shared/http-call.ts';
import { JsonInput } from './json-input.ts';
import { evaluateTrust } from './policy-evaluate.ts';
import { arnOf, type TrustAnchor } from './roles-anywhere-state.ts';
import { sessionArn, type Session, type Sessions } from './sessions.ts';
import { canonicalRequest, scopeText, sha256Hex, type SigningScope } from './sigv4.ts';
import { awsSkewTolerance, checkDate, checkSignedHeaders } from './sigv4-verify.ts';
import { roleArn, type Role, type World } from './world.ts';

type Ports = { readonly world: World; readonly sessions: Sessions; readonly now: () => number };

const PRINCIPAL = 'rolesanywhere.amazonaws.com';
/** Leaf and intermediates together. */
const MOST_CERTIFICATES = 5;

/** Whether a call is signed with the key of a certificate. */
export const isCertificateSigned = (call: HttpCall): boolean =>
  (header(call, 'authorization') ?? '').startsWith('AWS4-X509-');

/**
 * CreateSession: a session of a role for whoever signs with the key of a certificate that a trust anchor has issued. The signature is
 * made with the key itself, without the derivation of SigV4. Answers the session too, for the journal.
 */
export function createSession(ports: Ports, call: HttpCall): { answer: HttpAnswer; session: Session } {
  const { world, sessions, now } = ports;
  const { leaf, chain, region } = verifyCaller(call, now());
  const { anchor, profile, role, durationSeconds, roleSessionName } = readWanted(ports, call, region);
  requireTrusted(leaf, chain, anchor, now());
  requireUnrevoked(world, anchor, [leaf, ...chain]);
  const sourceIdentity = leaf.commonName;
  if (sourceIdentity === null || !/^[\w+=,.@-]{2,64}$/.test(sourceIdentity))
    throw denied('The common name of the certificate cannot be a source identity.');
  const wanted = {
    sessionName: roleSessionName ?? leaf.serial,
    sourceIdentity,
    tags: leaf.tags,
    policy: profile.sessionPolicy,
  };
  requireAssumable(ports, role, anchor, wanted);
  if (durationSeconds > role.maxSessionDurationSeconds)
    throw invalid('durationSeconds exceeds the maximum session duration of the role.');
  const { keys, session } = sessions.issue(role, wanted, durationSeconds);
  const body = {
    credentialSet: [
      {
        assumedRoleUser: { arn: sessionArn(session), assumedRoleId: `${role.id}:${session.sessionName}` },
        credentials: { ...keys, expiration: new Date(session.expiresAt).toISOString().replace('.000Z', 'Z') },
        packedPolicySize: 0,
        roleArn: roleArn(role),
        sourceIdentity,
      },
    ],
    subjectArn: `arn:aws:rolesanywhere:${region}:${anchor.account}:subject/${leaf.serial}`,
  };
  return {
    session,
    answer: { status: 201, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
  };
}

/** Checks the signature against the key in the certificate. That the certificate is anybody's whom we trust is not said by it. */
function verifyCaller(call: HttpCall, nowMs: number): { leaf: Certificate; chain: Certificate[]; region: string } {
  const match =
    /^(AWS4-X509-(?:RSA|ECDSA)-SHA256) Credential=(\d+)\/(\d{8})\/([a-z0-9-]+)\/rolesanywhere\/aws4_request, SignedHeaders=([^,\s]+), Signature=((?:[0-9a-f]{2})+)$/.exec(
      header(call, 'authorization') ?? '',
    );
  const [, algorithm, serial, date, region, signedHeaders, signature] = match ?? [];
  const certificate = header(call, 'x-amz-x509');
  if (!algorithm || !serial || !date || !region || !signedHeaders || !signature || certificate === null)
    throw new AwsError('IncompleteSignature', 400, 'The request is not a complete AWS4-X509 request.');
  const leaf = fromHeader(certificate);
  const chain = (header(call, 'x-amz-x509-chain') ?? '')
    .split(',')
    .flatMap((one) => (one === '' ? [] : fromHeader(one)));
  if (chain.length >= MOST_CERTIFICATES) throw invalid('The certificate chain is too long.');
  const scope: SigningScope = { date, region, service: 'rolesanywhere' };
  const claim = {
    ...{ accessKeyId: serial, scope, signature, sessionToken: null, presignedSeconds: null },
    signedHeaders: signedHeaders.split(';'),
    amzDate: header(call, 'x-amz-date') ?? '',
  };
  checkDate(claim, nowMs, awsSkewTolerance);
  checkSignedHeaders(call, claim);
  const canonical = canonicalRequest({
    ...{ method: call.method, rawPath: call.rawPath, query: call.query, headers: call.headers },
    ...{ signedHeaders: claim.signedHeaders, payloadHash: sha256Hex(call.body), service: scope.service },
  });
  const text = [algorithm, claim.amzDate, scopeText(scope), sha256Hex(canonical)].join('\n');
  const key = leaf.x509.publicKey;
  const named = algorithm === 'AWS4-X509-RSA-SHA256' ? 'rsa' : 'ec';
  const good =
    key.asymmetricKeyType === named &&
    BigInt(`0x${leaf.serial}`).toString() === serial &&
    verify('sha256', Buffer.from(text), key, Buffer.from(signature, 'hex'));
  if (!good)
    throw new AwsError(
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided.',
    );
  return { leaf, chain, region };
}

function fromHeader(text: string): Certificate {
  try {
    return readCertificate(Buffer.from(text, 'base64'));
  } catch {
    throw invalid('The X-Amz-X509 header is not the base64 of a certificate.');
  }
}

/** What is asked for; the ARNs come in the query or in the body. */
function readWanted({ world }: Ports, call: HttpCall, region: string) {
  const input = JsonInput.parse(call.body.toString('utf8'));
  const arn = (name: string): string => queryValue(call, name) ?? input.text(name);
  const [anchorArn, profileArn, arnOfRole] = [arn('trustAnchorArn'), arn('profileArn'), arn('roleArn')];
  for (const name of ['trustAnchorArn', 'profileArn', 'roleArn']) input.optionalText(name);
  const asked = input.integer('durationSeconds', 900, 43_200);
  const roleSessionName = input.optionalText('roleSessionName', { min: 2, max: 64, pattern: /^[\w+=,.@-]*$/ });
  input.requireAllRead();
  const { trustAnchors, profiles } = world.rolesAnywhere;
  const anchor = trustAnchors.find((one) => one.region === region && arnOf('trust-anchor', one) === anchorArn);
  if (anchor === undefined) throw new AwsError('ResourceNotFoundException', 404, 'Trust anchor not found.');
  if (!anchor.enabled) throw denied('Trust anchor is disabled.');
  const profile = profiles.find((one) => one.region === region && arnOf('profile', one) === profileArn);
  if (profile === undefined) throw new AwsError('ResourceNotFoundException', 404, 'Profile not found.');
  if (!profile.enabled) throw denied('Profile is disabled.');
  if (profile.account !== anchor.account) throw denied('Profile and trust anchor are of different accounts.');
  const role = world.roleByArn(arnOfRole);
  if (role === null || role.account !== profile.account || !profile.roleArns.includes(arnOfRole))
    throw denied('Unable to assume role: the profile does not name it.');
  if (roleSessionName !== null && !profile.acceptRoleSessionName)
    throw denied('Custom role session name is not accepted by the profile.');
  return { anchor, profile, role, durationSeconds: asked ?? profile.durationSeconds, roleSessionName };
}

/** Follows the issuers up to the anchor; every certificate on the way must be good now. */
function requireTrusted(leaf: Certificate, chain: readonly Certificate[], anchor: TrustAnchor, nowMs: number): void {
  if (leaf.version !== 3 || leaf.ca || !leaf.mayDigitallySign || !isStrong(leaf))
    throw denied('Incorrect basic constraints, key usage or signature algorithm for an end-entity certificate.');
  const anchors = readBundle(anchor.certificates);
  let current = leaf;
  for (const left = [...chain]; ;) {
    if (nowMs < current.notBefore) throw denied('Certificate is not yet valid.');
    if (nowMs > current.notAfter + 999) throw denied('Certificate has expired.');
    const issuedBy = (one: Certificate): boolean =>
      one.ca &&
      one.maySignCertificates &&
      current.x509.checkIssued(one.x509) &&
      current.x509.verify(one.x509.publicKey);
    const top = anchors.find(issuedBy);
    if (top !== undefined) {
      if (nowMs < top.notBefore || nowMs > top.notAfter) throw denied('The trust anchor is not valid now.');
      return;
    }
    const next = left.findIndex((one) => issuedBy(one) && isStrong(one));
    const issuer = left[next];
    if (issuer === undefined) throw denied('Untrusted certificate. Insufficient certificate.');
    left.splice(next, 1);
    current = issuer;
  }
}

function requireUnrevoked(world: World, anchor: TrustAnchor, certificates: readonly Certificate[]): void {
  const arn = arnOf('trust-anchor', anchor);
  const lists = world.rolesAnywhere.crls.filter((one) => one.enabled && one.trustAnchorArn === arn);
  for (const { pem } of lists) {
    const { serials } = readRevocationList(pem);
    if (certificates.some(({ serial }) => serials.has(serial))) throw denied('Certificate revoked.');
  }
}

/** The role must let Roles Anywhere in for everything that the session brings: itself, its tags and its source identity. */
function requireAssumable(
  { world, now }: Ports,
  role: Role,
  anchor: TrustAnchor,
  wanted: {
    readonly sourceIdentity: string;
    readonly tags: Readonly<Record<string, string>>;
    readonly sessionName: string;
  },
): void {
  const facts = new Map<string, readonly string[]>([
    ['aws:currenttime', [new Date(now()).toISOString()]],
    ['aws:sourceaccount', [anchor.account]],
    ['aws:sourcearn', [arnOf('trust-anchor', anchor)]],
    ['sts:sourceidentity', [wanted.sourceIdentity]],
    ['sts:rolesessionname', [wanted.sessionName]],
    ['aws:tagkeys', Object.keys(wanted.tags)],
  ]);
  for (const [key, value] of Object.entries(wanted.tags)) {
    facts.set(`aws:principaltag/${key}`.toLowerCase(), [value]);
    facts.set(`aws:requesttag/${key}`.toLowerCase(), [value]);
  }
  const caller = { arn: null, roleArn: null, account: null, federated: null, service: PRINCIPAL };
  for (const action of ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']) {
    const attempt = { action, resource: roleArn(role), facts };
    if (evaluateTrust(world.seen(role, now()).trustPolicy, caller, attempt) !== 'named')
      throw denied(`Unable to assume role for ${roleArn(role)}: its trust policy does not allow ${action}.`);
  }
}

const denied = (message: string): AwsError => new AwsError('AccessDeniedException', 403, message);
const invalid = (message: string): AwsError => new AwsError('ValidationException', 400, message);
