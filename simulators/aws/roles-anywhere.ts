import { randomUUID } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { isStrong, readBundle, readRevocationList, type Certificate, type RevocationList } from './certificates.ts';
import { percentDecode, type HttpCall } from '../shared/http-call.ts';
import type { JsonInput, TextRule } from './json-input.ts';
import { authorizeAll, type JsonCall, type JsonOperation } from './json-service.ts';
import { parsePolicy } from './policy-parse.ts';
import { arnOf, type Crl, type Profile, type RolesAnywhereState, type TrustAnchor } from './roles-anywhere-state.ts';
import type { Sessions } from './sessions.ts';
import type { World } from './world.ts';

/** Constraints of botocore's service model of rolesanywhere (2018-05-10). */
const NAME: TextRule = { min: 1, max: 255, pattern: /^[ a-zA-Z0-9-_]*$/ };
const ID: TextRule = { min: 36, max: 36, pattern: /^[a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}$/ };
const ROLE: TextRule = { min: 1, max: 1_011, pattern: /^arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)$/ };
const ANCHOR: TextRule = { min: 1, max: 1_011, pattern: /^arn:aws(-[^:]+)?:rolesanywhere(:.*){2}(:trust-anchor.*)$/ };
const CRL_BYTES = 300_000;
const BUNDLE_CHARACTERS = 16_000;
const CRLS_PER_ANCHOR = 2;
const ANCHORS = 50;

type Ports = { readonly world: World; readonly sessions: Sessions; readonly now: () => number };

/** The control plane of IAM Roles Anywhere: trust anchors, profiles and revocation lists. */
export function rolesAnywhereOperations(ports: Ports): Readonly<Record<string, JsonOperation>> {
  return { ...anchorOperations(ports), ...profileOperations(ports), ...crlOperations(ports) };
}

const ROUTES: readonly (readonly [RegExp, string])[] = [
  [/^POST \/trustanchors$/, 'CreateTrustAnchor'],
  [/^GET \/trustanchors$/, 'ListTrustAnchors'],
  [/^GET \/trustanchor\/([^/]+)$/, 'GetTrustAnchor'],
  [/^POST \/trustanchor\/([^/]+)\/enable$/, 'EnableTrustAnchor'],
  [/^POST \/trustanchor\/([^/]+)\/disable$/, 'DisableTrustAnchor'],
  [/^DELETE \/trustanchor\/([^/]+)$/, 'DeleteTrustAnchor'],
  [/^POST \/profiles$/, 'CreateProfile'],
  [/^GET \/profiles$/, 'ListProfiles'],
  [/^GET \/profile\/([^/]+)$/, 'GetProfile'],
  [/^PATCH \/profile\/([^/]+)$/, 'UpdateProfile'],
  [/^POST \/profile\/([^/]+)\/enable$/, 'EnableProfile'],
  [/^POST \/profile\/([^/]+)\/disable$/, 'DisableProfile'],
  [/^DELETE \/profile\/([^/]+)$/, 'DeleteProfile'],
  [/^POST \/crls$/, 'ImportCrl'],
  [/^GET \/crls$/, 'ListCrls'],
  [/^GET \/crl\/([^/]+)$/, 'GetCrl'],
  [/^PATCH \/crl\/([^/]+)$/, 'UpdateCrl'],
  [/^POST \/crl\/([^/]+)\/enable$/, 'EnableCrl'],
  [/^POST \/crl\/([^/]+)\/disable$/, 'DisableCrl'],
  [/^DELETE \/crl\/([^/]+)$/, 'DeleteCrl'],
];

/** The operation of a call by its method and path, with the members that come in path and query. */
export function rolesAnywhereAction(call: HttpCall): { action: string; members: (readonly [string, string])[] } | null {
  for (const [route, action] of ROUTES) {
    const match = route.exec(`${call.method} ${call.rawPath}`);
    if (match === null) continue;
    const id = match[1];
    return { action, members: [...(id === undefined ? [] : [['id', percentDecode(id)] as const]), ...call.query] };
  }
  return null;
}

function anchorOperations(ports: Ports): Readonly<Record<string, JsonOperation>> {
  const { world, sessions, now } = ports;
  const anchors = (): TrustAnchor[] => world.rolesAnywhere.trustAnchors;
  const answer = (anchor: TrustAnchor) => ({ trustAnchor: anchorDetail(anchor) });
  return {
    CreateTrustAnchor: (call) => {
      const { input } = call;
      const name = input.text('name', NAME);
      const source = input.object('source');
      source.text('sourceType', { values: ['CERTIFICATE_BUNDLE'] });
      const certificates = source.object('sourceData').text('x509CertificateData', { min: 1, max: BUNDLE_CHARACTERS });
      const enabled = input.boolean('enabled') ?? false;
      readTags(input);
      authorizeAll(sessions, call, 'rolesanywhere:CreateTrustAnchor', [{ arn: '*' }]);
      input.requireAllRead();
      requireAuthorities(certificates);
      if (anchors().filter((one) => isHere(one, call)).length >= ANCHORS)
        throw invalid('The number of trust anchors exceeds the quota.');
      const anchor = { ...kept(call, name, enabled, now()), certificates };
      anchors().push(anchor);
      world.save();
      return answer(anchor);
    },
    ListTrustAnchors: (call) => {
      authorizeAll(sessions, call, 'rolesanywhere:ListTrustAnchors', [{ arn: '*' }]);
      return list('trustAnchors', anchors(), call, anchorDetail);
    },
    GetTrustAnchor: (call) => answer(one(ports, call, 'GetTrustAnchor', 'trust-anchor')),
    ...switches(ports, 'TrustAnchor', 'trust-anchor', answer),
  };
}

function profileOperations(ports: Ports): Readonly<Record<string, JsonOperation>> {
  const { world, sessions, now } = ports;
  const profiles = (): Profile[] => world.rolesAnywhere.profiles;
  const answer = (profile: Profile) => ({ profile: profileDetail(profile) });
  /** Whoever lets a profile hand out roles must be allowed to pass them. */
  const requirePassable = (call: JsonCall, roleArns: readonly string[]): void => {
    for (const arn of roleArns) {
      if (arn.split(':')[4] !== call.session.role.account)
        throw invalid(`The role ${arn} is not in the account of the profile.`);
      authorizeAll(sessions, call, 'iam:PassRole', [{ arn }], { 'iam:PassedToService': 'rolesanywhere.amazonaws.com' });
    }
  };
  return {
    CreateProfile: (call) => {
      const { input } = call;
      const name = input.text('name', NAME);
      const roleArns = input.texts('roleArns', ROLE, 0, 250);
      if (!input.has('roleArns')) throw invalid('roleArns must not be null');
      const enabled = input.boolean('enabled') ?? false;
      const settings = readSettings(input);
      readTags(input);
      authorizeAll(sessions, call, 'rolesanywhere:CreateProfile', [{ arn: '*' }]);
      input.requireAllRead();
      requirePassable(call, roleArns);
      const profile: Profile = {
        ...kept(call, name, enabled, now()),
        roleArns,
        ...{ sessionPolicy: null, durationSeconds: 3_600, acceptRoleSessionName: false },
        ...settings,
      };
      profiles().push(profile);
      world.save();
      return answer(profile);
    },
    ListProfiles: (call) => {
      authorizeAll(sessions, call, 'rolesanywhere:ListProfiles', [{ arn: '*' }]);
      return list('profiles', profiles(), call, profileDetail);
    },
    GetProfile: (call) => answer(one(ports, call, 'GetProfile', 'profile')),
    UpdateProfile: (call) => {
      const profile = one(ports, call, 'UpdateProfile', 'profile');
      const { input } = call;
      const name = input.optionalText('name', NAME);
      const roleArns = input.has('roleArns') ? input.texts('roleArns', ROLE, 0, 250) : null;
      const settings = readSettings(input);
      input.requireAllRead();
      requirePassable(call, roleArns ?? []);
      Object.assign(profile, settings, name === null ? {} : { name }, roleArns === null ? {} : { roleArns });
      profile.updatedAt = now();
      world.save();
      return answer(profile);
    },
    ...switches(ports, 'Profile', 'profile', answer),
  };
}

function crlOperations(ports: Ports): Readonly<Record<string, JsonOperation>> {
  const { world, sessions, now } = ports;
  const crls = (): Crl[] => world.rolesAnywhere.crls;
  const answer = (crl: Crl) => ({ crl: crlDetail(crl) });
  const requireOwn = (pem: string, trustAnchorArn: string, call: JsonCall): void => {
    const anchor = world.rolesAnywhere.trustAnchors.find(
      (each) => isHere(each, call) && arnOf('trust-anchor', each) === trustAnchorArn,
    );
    if (anchor === undefined) throw new AwsError('ResourceNotFoundException', 404, 'Trust anchor not found.');
    if (!readBundle(anchor.certificates).some((certificate) => readCrl(pem).signedBy(certificate)))
      throw invalid('The CRL is not signed by the trust anchor.');
  };
  return {
    ImportCrl: (call) => {
      const { input } = call;
      const name = input.text('name', NAME);
      const pem = crlData(input.text('crlData'));
      const enabled = input.boolean('enabled') ?? false;
      const trustAnchorArn = input.text('trustAnchorArn', ANCHOR);
      readTags(input);
      authorizeAll(sessions, call, 'rolesanywhere:ImportCrl', [{ arn: '*' }]);
      input.requireAllRead();
      requireOwn(pem, trustAnchorArn, call);
      if (crls().filter((each) => each.trustAnchorArn === trustAnchorArn).length >= CRLS_PER_ANCHOR)
        throw invalid('The number of CRLs of the trust anchor exceeds the quota.');
      const crl = { ...kept(call, name, enabled, now()), trustAnchorArn, pem };
      crls().push(crl);
      world.save();
      return answer(crl);
    },
    ListCrls: (call) => {
      authorizeAll(sessions, call, 'rolesanywhere:ListCrls', [{ arn: '*' }]);
      return list('crls', crls(), call, crlDetail);
    },
    GetCrl: (call) => answer(one(ports, call, 'GetCrl', 'crl')),
    UpdateCrl: (call) => {
      const crl = one(ports, call, 'UpdateCrl', 'crl');
      const { input } = call;
      const name = input.optionalText('name', NAME);
      const pem = input.has('crlData') ? crlData(input.text('crlData')) : null;
      input.requireAllRead();
      if (pem !== null) requireOwn(pem, crl.trustAnchorArn, call);
      Object.assign(crl, name === null ? {} : { name }, pem === null ? {} : { pem }, { updatedAt: now() });
      world.save();
      return answer(crl);
    },
    ...switches(ports, 'Crl', 'crl', answer),
  };
}

type Kinds = { 'trust-anchor': TrustAnchor; profile: Profile; crl: Crl };
type Kind = keyof Kinds;

const LISTS = { 'trust-anchor': 'trustAnchors', profile: 'profiles', crl: 'crls' } as const;

function listOf<K extends Kind>(state: RolesAnywhereState, kind: K): Kinds[K][] {
  return state[LISTS[kind]] as Kinds[K][];
}

/** The thing that a call names by its id, after asking whether the caller may do that to it. */
function one<K extends Kind>({ world, sessions }: Ports, call: JsonCall, action: string, kind: K): Kinds[K] {
  const id = call.input.text('id', ID);
  const arn = arnOf(kind, { id, region: call.region, account: call.session.role.account });
  authorizeAll(sessions, call, `rolesanywhere:${action}`, [{ arn }]);
  const found = listOf(world.rolesAnywhere, kind).find((each) => each.id === id && isHere(each, call));
  if (found === undefined) throw new AwsError('ResourceNotFoundException', 404, `${kind} ${id} was not found.`);
  return found;
}

/** Enable…, Disable… and Delete… of one kind. */
function switches<K extends Kind>(
  ports: Ports,
  noun: string,
  kind: K,
  answer: (value: Kinds[K]) => Readonly<Record<string, unknown>>,
): Readonly<Record<string, JsonOperation>> {
  const toggle =
    (action: string, enabled: boolean): JsonOperation =>
    (call) => {
      const found = one(ports, call, action, kind);
      call.input.requireAllRead();
      Object.assign(found, { enabled, updatedAt: ports.now() });
      ports.world.save();
      return answer(found);
    };
  return {
    [`Enable${noun}`]: toggle(`Enable${noun}`, true),
    [`Disable${noun}`]: toggle(`Disable${noun}`, false),
    [`Delete${noun}`]: (call) => {
      const found = one(ports, call, `Delete${noun}`, kind);
      call.input.requireAllRead();
      const all = listOf(ports.world.rolesAnywhere, kind);
      all.splice(all.indexOf(found), 1);
      ports.world.save();
      return answer(found);
    },
  };
}

function list<T extends { readonly account: string; readonly region: string }>(
  name: string,
  all: readonly T[],
  call: JsonCall,
  detail: (value: T) => unknown,
): Readonly<Record<string, unknown>> {
  const size = call.input.integer('pageSize', 1, 100) ?? 100;
  const token = call.input.optionalText('nextToken', { min: 1, max: 10_000 });
  const start = token === null ? 0 : Number(Buffer.from(token, 'base64url').toString('utf8'));
  const own = all.filter((each) => isHere(each, call));
  if (!Number.isInteger(start) || start < 0 || start > own.length) throw invalid('The nextToken is not valid.');
  const end = start + size;
  const next = end < own.length ? { nextToken: Buffer.from(String(end)).toString('base64url') } : {};
  return { [name]: own.slice(start, end).map(detail), ...next };
}

function kept(call: JsonCall, name: string, enabled: boolean, nowMs: number) {
  const { region, session } = call;
  return { id: randomUUID(), account: session.role.account, region, name, enabled, createdAt: nowMs, updatedAt: nowMs };
}

const isHere = (thing: { readonly account: string; readonly region: string }, call: JsonCall): boolean =>
  thing.account === call.session.role.account && thing.region === call.region;

function readSettings(input: JsonInput): Partial<Profile> {
  const sessionPolicy = input.optionalText('sessionPolicy', { min: 1, max: 100_000 });
  if (sessionPolicy !== null) parsePolicy(sessionPolicy, 'session');
  const durationSeconds = input.integer('durationSeconds', 900, 43_200);
  const acceptRoleSessionName = input.boolean('acceptRoleSessionName');
  if (input.texts('managedPolicyArns', { min: 1, max: 200 }, 0, 50).length > 0)
    throw invalid('This simulator has no managed policies of profiles.');
  if (input.boolean('requireInstanceProperties') === true) throw invalid('This simulator has no instance properties.');
  return {
    ...(sessionPolicy === null ? {} : { sessionPolicy }),
    ...(durationSeconds === null ? {} : { durationSeconds }),
    ...(acceptRoleSessionName === null ? {} : { acceptRoleSessionName }),
  };
}

/** Tags are checked and forgotten. */
function readTags(input: JsonInput): void {
  for (const tag of input.objects('tags', 200)) {
    tag.text('key', { min: 1, max: 128 });
    tag.text('value', { min: 0, max: 256 });
  }
}

function readCrl(pem: string): RevocationList {
  try {
    return readRevocationList(pem);
  } catch {
    throw invalid('The CRL data is not a valid PEM-encoded CRL.');
  }
}

/** A blob comes in base64. */
function crlData(text: string): string {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.length > CRL_BYTES)
    throw invalid(`crlData has ${bytes.length} bytes; between 1 and ${CRL_BYTES} are accepted.`);
  return bytes.toString('latin1');
}

function requireAuthorities(pem: string): void {
  let read: Certificate[];
  try {
    read = readBundle(pem);
  } catch {
    throw invalid('The certificate bundle is not valid PEM.');
  }
  if (!read.every((each) => each.version === 3 && each.ca && each.maySignCertificates && isStrong(each)))
    throw invalid('Incorrect basic constraints, key usage or signature algorithm for a CA certificate.');
}

const iso = (ms: number): string => new Date(ms).toISOString();

const common = ({ name, enabled, createdAt, updatedAt }: TrustAnchor | Profile | Crl) => ({
  name,
  enabled,
  createdAt: iso(createdAt),
  updatedAt: iso(updatedAt),
});

const anchorDetail = (anchor: TrustAnchor) => ({
  trustAnchorId: anchor.id,
  trustAnchorArn: arnOf('trust-anchor', anchor),
  source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: anchor.certificates } },
  ...common(anchor),
});

const profileDetail = (profile: Profile) => ({
  profileId: profile.id,
  profileArn: arnOf('profile', profile),
  roleArns: profile.roleArns,
  managedPolicyArns: [],
  requireInstanceProperties: false,
  durationSeconds: profile.durationSeconds,
  acceptRoleSessionName: profile.acceptRoleSessionName,
  ...(profile.sessionPolicy === null ? {} : { sessionPolicy: profile.sessionPolicy }),
  attributeMappings: [
    { certificateField: 'x509Issuer', mappingRules: [{ specifier: '*' }] },
    {
      certificateField: 'x509SAN',
      mappingRules: [{ specifier: 'DNS' }, { specifier: 'URI' }, { specifier: 'Name/*' }],
    },
    { certificateField: 'x509Subject', mappingRules: [{ specifier: '*' }] },
  ],
  ...common(profile),
});

const crlDetail = (crl: Crl) => ({
  crlId: crl.id,
  crlArn: arnOf('crl', crl),
  crlData: Buffer.from(crl.pem, 'latin1').toString('base64'),
  trustAnchorArn: crl.trustAnchorArn,
  ...common(crl),
});

const invalid = (message: string): AwsError => new AwsError('ValidationException', 400, message);
