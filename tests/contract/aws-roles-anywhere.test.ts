import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetRoleCommand,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { GrantId } from '../../src/core/ids.ts';
import { after } from '../../src/core/time.ts';
import type {
  BindingSpec,
  CallOptions,
  CredentialFacts,
  Ending,
  IssuedCertificate,
} from '../../src/providers/contract.ts';
import { anywhereHarness, ROLE_ARN, type AnywhereHarness } from './aws-anywhere-harness.ts';
import { post } from './aws-harness.ts';
import { createSession, newHolderKey } from './holder.ts';

/** What `method: roles-anywhere` promises beyond the laws that hold for every provider. */
let on: AnywhereHarness;
let admin: IAMClient;
const open: AnywhereHarness[] = [];
const ROLE = { RoleName: 'anywhere-reader' };

beforeEach(async () => {
  on = await anywhereHarness();
  open.push(on);
  admin = await on.admin();
});
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

describe('the certificate', () => {
  test('says which grant and which role, is good to the end of the grant and no longer, and signs nothing else', async () => {
    const spec = on.binding(600_000);
    const { certificate, facts, usableUntil } = await on.certificate(spec);
    const x509 = new X509Certificate(certificate.pem);
    expect(x509.subject).toBe(`CN=${spec.grant}`);
    expect(x509.subjectAltName).toBe(`URI:${ROLE_ARN}`);
    expect(x509.ca).toBe(false);
    const end = Math.floor(spec.endsAt / 1_000) * 1_000;
    expect([x509.validToDate.getTime(), usableUntil, facts.expiresAt]).toEqual([end, end, end]);
    expect(x509.serialNumber.toLowerCase().padStart(38, '0')).toBe(certificate.serial);
    expect(facts.fingerprint.startsWith(certificate.serial.slice(12))).toBe(true);
  });

  test('for another key is another certificate; for the same key it is the same serial', async () => {
    const spec = on.binding(600_000);
    const first = await on.certificate(spec);
    const again = await on.certificate(spec);
    const other = await on.provider.issueCertificate(spec, call(), newHolderKey('rsa').publicKey);
    expect(again.certificate.serial).toBe(first.certificate.serial);
    expect(other.certificate.serial).not.toBe(first.certificate.serial);
  });

  test('of an RSA key makes a session as well', async () => {
    const spec = on.binding(600_000);
    const key = newHolderKey('rsa');
    await on.provider.provision(spec, call());
    const { certificate } = await on.provider.issueCertificate(spec, call(), key.publicKey);
    const secret = await createSession(on.url, { privateKey: key.privateKey, certificate });
    expect(await on.use({ secret })).toBe('allowed');
  });

  test('is refused for a private key, which is not quoted, and for what is no key', async () => {
    const spec = on.binding(600_000);
    await on.provider.provision(spec, call());
    const { privateKey } = newHolderKey();
    const thrown = await on.provider.issueCertificate(spec, call(), privateKey).catch((error: unknown) => error);
    expect(thrown).toMatchObject({ kind: 'invalid', message: expect.stringMatching(/must never leave/) as string });
    expect(String(thrown)).not.toContain(privateKey.split('\n')[1]);
    for (const wrong of ['', 'x', on.key.publicKey.replace('A', 'B').slice(0, 90)])
      await expect(on.provider.issueCertificate(spec, call(), wrong)).rejects.toMatchObject({ kind: 'invalid' });
  });

  test('is not issued before the end of its sessions is armed', async () => {
    const spec = on.binding(600_000);
    await expect(on.provider.issueCertificate(spec, call(), on.key.publicKey)).rejects.toMatchObject({
      kind: 'conflict',
    });
  });

  test('presented after the end makes no session', async () => {
    const spec = on.binding(600_000);
    const { certificate } = await on.certificate(spec);
    await post(on.url, 'clock', { offsetMs: 601_000 });
    await expect(on.session(certificate, Date.now() + 601_000)).rejects.toThrow(/Certificate has expired/);
  });

  test.each([-600_000, 600_000])(
    'of a holder whose clock is %i ms off makes no session until it is right',
    async (offMs) => {
      const { certificate } = await on.certificate(on.binding(600_000));
      await expect(on.session(certificate, Date.now() + offMs)).rejects.toThrow(/Signature (expired|not yet current)/);
      expect(await on.use(await on.session(certificate))).toBe('allowed');
    },
  );
});

describe('the end', () => {
  test('is armed for sessions that a holder makes in the last moment and that live an hour longer', async () => {
    const spec = on.binding(60_000);
    const { certificate } = await on.certificate(spec);
    const at = async (ms: number): Promise<number> => {
      await post(on.url, 'clock', { offsetMs: ms });
      return Date.now() + ms;
    };
    const held = await on.session(certificate, await at(57_000));
    expect(await on.use(held)).toBe('allowed');
    // The session itself would be good for an hour; S3 takes a signature that is up to 15 minutes old.
    for (const ms of [60_500, 300_000, 840_000]) {
      await at(ms);
      expect(await on.use(held)).toBe('refused');
    }
  });

  test.each(['throttle', 'unavailable', 'deny'])(
    'that was armed is not denied when the read-back is answered with %s',
    async (kind) => {
      const spec = on.binding(600_000);
      const read = { service: 'iam', action: 'GetRolePolicy' };
      await post(on.url, 'faults', [
        { ...read, kind: 'delay', delayMs: 0 },
        { ...read, kind, times: 9 },
      ]);
      // A fault of a read would say that nothing happened, and the end would stand there without anybody knowing of it.
      await expect(on.provider.provision(spec, call())).resolves.toMatchObject({
        usable: false,
        unseen: expect.stringMatching(/^(throttled|unreachable|forbidden-to-us): /) as string,
      });
      await post(on.url, 'faults', []);
      await expect(on.provider.observe(spec, null, call())).resolves.toMatchObject({
        presence: 'present',
        usable: true,
      });
    },
  );

  test('of each grant of a role is its own', async () => {
    const specs = [60_000, 60_000, 600_000].map((durationMs) => on.binding(durationMs));
    const issued: IssuedCertificate[] = [];
    for (const spec of specs) issued.push(await on.certificate(spec));
    const [first, , last] = issued;
    if (first === undefined || last === undefined) throw new Error('three were issued');
    const [early, late] = [await on.session(first.certificate), await on.session(last.certificate)];
    await post(on.url, 'clock', { offsetMs: 62_000 });
    expect([await on.use(early), await on.use(late)]).toEqual(['refused', 'allowed']);
  });

  test('is refused with the count when the document is full, and nothing of others is touched', async () => {
    const specs: BindingSpec[] = [];
    let full: unknown = null;
    while (full === null && specs.length < 60) {
      const spec = on.over({}, {});
      full = await on.provider.provision(spec, call()).then(
        () => null,
        (error: unknown) => error,
      );
      if (full === null) specs.push(spec);
    }
    expect(specs.length).toBeGreaterThan(25);
    expect(full).toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(
        new RegExp(`is full: the ends of ${specs.length} grants stand there, .* 10240 characters`),
      ) as string,
    });
    const names = await inlineNames();
    for (const spec of specs) expect(names).toContain(`curfew-end-${spec.grant}`);
    // Who was refused has no denial, and there is no room for one: it is over because it never had a certificate.
    const refusedNow = on.over({}, {});
    const looks = (issued: readonly CredentialFacts[]) =>
      on.provider.observe(refusedNow, returned(), { ...call(), issued: async () => issued });
    await expect(on.provider.revoke(refusedNow, returned(), 0, call())).rejects.toMatchObject({ kind: 'invalid' });
    await expect(looks([])).resolves.toMatchObject({ presence: 'absent', proof: 'observed', final: false });
    const facts = { fingerprint: 'f', issuedAt: on.now(), expiresAt: refusedNow.endsAt, policyHash: null };
    await expect(looks([facts])).resolves.toMatchObject({ presence: 'present' });
    // What is full can still end: a denial at once takes no more room than one that is armed.
    const [one] = specs;
    if (one === undefined) throw new Error('none');
    const ending = returned();
    await on.provider.revoke(one, ending, 0, call());
    await expect(on.provider.observe(one, ending, call())).resolves.toMatchObject({ presence: 'absent' });
  }, 30_000);

  test('survives a late write of another grant, and of its own beginning after it was ended early', async () => {
    const [slow, other] = [on.binding(600_000), on.binding(600_000)];
    await post(on.url, 'faults', [{ service: 'iam', action: 'PutRolePolicy', kind: 'delay', delayMs: 900 }]);
    const short = { now: on.now(), signal: AbortSignal.timeout(400) };
    await expect(on.provider.provision(slow, short)).rejects.toMatchObject({ kind: 'unknown-outcome' });
    const issued = await on.certificate(other);
    const ending = returned();
    await on.provider.revoke(slow, ending, 0, call());
    await pause(1_000);
    // The write that was given up has landed: what was armed meanwhile stands, and the early end is looked at again until it holds.
    expect(await inlineNames()).toContain(`curfew-end-${other.grant}`);
    expect(issued.facts.policyHash).not.toBeNull();
    await expect(on.provider.observe(slow, ending, call())).resolves.toMatchObject({ presence: 'present' });
    await on.provider.revoke(slow, ending, 0, call());
    await expect(on.provider.observe(slow, ending, call())).resolves.toMatchObject({
      presence: 'absent',
      final: false,
    });
  });

  test('is not put in the place of an early end, and whoever tried is told that something stands there', async () => {
    const spec = on.binding(600_000);
    await on.provider.revoke(spec, returned(), 0, call());
    const fault = { kind: 'invalid', hasWritten: true, message: expect.stringContaining('ends the grant already') };
    await expect(on.provider.provision(spec, call())).rejects.toMatchObject(fault);
  });

  test('that is early goes on to its proof while others tidy beside it and find nothing to remove', async () => {
    const [spec, early] = [on.binding(600_000), on.binding(600_000)];
    const restored: GrantId[] = [];
    const alongside = {
      ending: async () => [{ grant: early.grant, endsAt: early.endsAt, since: on.now() }],
      restores: async (grants: readonly GrantId[]) => void restored.push(...grants),
      removes: async () => {},
    };
    await expect(on.provider.tidy(spec, { ...call(), alongside })).resolves.toEqual({ removed: false, left: 0 });
    // Nothing was put back, so how long it has been seen as gone does not count anew.
    expect(restored).toEqual([]);
  });

  test('is swept when no session can be alive any more, and not before', async () => {
    const [spec, early] = [on.binding(60_000), on.binding(60_000)];
    await on.provider.provision(spec, call());
    await on.provider.provision(early, call());
    await on.provider.revoke(early, returned(), 0, call());
    const at = (ms: number): CallOptions => ({ ...call(), now: after(spec.endsAt, ms) });
    await expect(on.provider.tidy(spec, at(3_600_000))).resolves.toEqual({ removed: false, left: 2 });
    await expect(on.provider.tidy(spec, at(2 * 3_600_000))).resolves.toEqual({ removed: true, left: 0 });
    expect(await inlineNames()).toEqual(['permissions']);
  });

  test('makes room by itself where what nobody needs any more has taken it', async () => {
    const statement = { Effect: 'Deny', Action: '*', Resource: '*' };
    const Condition = {
      StringEquals: { 'aws:SourceIdentity': 'grt_old' },
      DateGreaterThanEquals: { 'aws:CurrentTime': '2020-01-01T00:00:00Z' },
    };
    const put = (PolicyName: string, one: object) => {
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [one] });
      return admin.send(new PutRolePolicyCommand({ ...ROLE, PolicyName, PolicyDocument }));
    };
    await put('curfew-end-grt_old', { ...statement, Condition });
    await put('theirs', { ...statement, Action: 's3:PutObject', Resource: `arn:aws:s3:::${'x'.repeat(9_750)}` });
    const spec = on.binding(600_000);
    await expect(on.provider.provision(spec, call())).resolves.toMatchObject({ usable: true });
    expect(await inlineNames()).toEqual(expect.arrayContaining(['theirs', `curfew-end-${spec.grant}`]));
    expect(await inlineNames()).not.toContain('curfew-end-grt_old');
  });

  test('is not armed on a role whose sessions may outlive what is kept there', async () => {
    await makeAnew(43_200);
    await expect(on.provider.provision(on.binding(600_000), call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(/may last 43200 s; 3600 is the most\. Run: aws iam update-role/) as string,
    });
  });
});

describe('an early end', () => {
  test('refuses a saved session and every session that its certificate still makes', async () => {
    const { spec, issued } = await given();
    const held = await on.session(issued.certificate);
    await on.provider.revoke(spec, returned(), 0, call());
    expect(await on.use(held)).toBe('refused');
    expect(await on.use(await on.session(issued.certificate))).toBe('refused');
  });

  test('is not undone by a cut, which a session that is made after it would pass', async () => {
    const { spec, issued } = await given();
    await on.provider.revoke(spec, returned(), 1, call());
    await pause(1_100);
    expect(await on.use(await on.session(issued.certificate))).toBe('refused');
  }, 30_000);
});

describe('a role that was deleted and made anew under the same name', () => {
  test('gets no certificate, counts as access at the end, and is denied then', async () => {
    const { spec, issued } = await given();
    const old = await on.session(issued.certificate);
    await makeAnew();
    expect(await on.use(old)).toBe('refused');
    await expect(on.provider.issueCertificate(spec, call(), on.key.publicKey)).rejects.toMatchObject({
      kind: 'conflict',
      message: expect.stringMatching(/made anew, or somebody changed curfew-end-/) as string,
    });
    const held = await on.session(issued.certificate);
    expect(await on.use(held)).toBe('allowed');
    const ending: Ending = { cause: 'expired', since: spec.endsAt };
    const late = { ...call(), now: after(spec.endsAt, 15_000) };
    await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject({ presence: 'present', usable: true });
    await on.provider.revoke(spec, ending, 0, late);
    expect(await on.use(held)).toBe('refused');
    const gone = { presence: 'absent', proof: 'observed', final: false };
    await expect(on.provider.observe(spec, ending, late)).resolves.toMatchObject(gone);
  });

  test('that stays away is gone when nothing of it can be alive, whoever answers', async () => {
    const { spec } = await given();
    for (const name of await inlineNames())
      await admin.send(new DeleteRolePolicyCommand({ ...ROLE, PolicyName: name }));
    await admin.send(new DeleteRoleCommand(ROLE));
    const ending: Ending = { cause: 'expired', since: spec.endsAt };
    const late = { ...call(), now: after(spec.endsAt, 60_000) };
    await expect(on.provider.observe(spec, ending, late)).rejects.toBeInstanceOf(Error);
    const muchLater = { ...call(), now: after(spec.endsAt, 13 * 3_600_000) };
    await expect(on.provider.observe(spec, ending, muchLater)).resolves.toMatchObject({ presence: 'absent' });
  });
});

describe('the account', () => {
  test.each([
    ['a profile that does not exist', { profile: 'nobody' }, /there is no profile nobody/],
    ['a profile for another role', { role: 'curfew/invoice-reader' }, /does not name/],
    [
      'a role that lets more out than the profile does',
      { allows: ['pass-role'] as const },
      /session policy of the profile/,
    ],
  ])('refuses %s', async (_what, change, words) => {
    await expect(on.provider.provision(on.over(change), call())).rejects.toMatchObject({
      kind: 'invalid',
      message: expect.stringMatching(words) as string,
    });
  });
});

async function given(): Promise<{ spec: BindingSpec; issued: IssuedCertificate }> {
  const spec = on.binding(600_000);
  return { spec, issued: await on.certificate(spec) };
}

async function inlineNames(): Promise<readonly string[]> {
  return (await admin.send(new ListRolePoliciesCommand(ROLE))).PolicyNames ?? [];
}

/** Deletes the role and makes it again, as somebody would who knows nothing of us. */
async function makeAnew(MaxSessionDuration = 3_600): Promise<void> {
  const { Role } = await admin.send(new GetRoleCommand(ROLE));
  const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
  for (const name of await inlineNames()) await admin.send(new DeleteRolePolicyCommand({ ...ROLE, PolicyName: name }));
  await admin.send(new DeleteRoleCommand(ROLE));
  await admin.send(
    new CreateRoleCommand({ ...ROLE, Path: '/curfew/', AssumeRolePolicyDocument: trust, MaxSessionDuration }),
  );
  const everything = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  });
  await admin.send(new PutRolePolicyCommand({ ...ROLE, PolicyName: 'permissions', PolicyDocument: everything }));
}

const returned = (): Ending => ({ cause: 'returned', since: on.now() });

function call(): CallOptions {
  return { now: on.now(), signal: AbortSignal.timeout(5_000) };
}

const pause = (durationMs: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, durationMs));
