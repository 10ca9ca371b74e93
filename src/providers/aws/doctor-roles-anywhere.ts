import type { Role } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';
import { ProviderFault, type CallOptions } from '../contract.ts';
import { anywhereControl, type AnywherePlace, type Profile, type TrustAnchor } from './anywhere-control.ts';
import { ANCHOR, isOurAnchor, resolveAnywhereRole, wrongProfile } from './anywhere-place.ts';
import { LONGEST_SESSION_S } from './capabilities.ts';
import type { CertificateAuthority } from './certificate-authority.ts';
import { identityCalls } from './identity-store.ts';
import { identityOf } from './roles-anywhere.ts';
import { PROVISIONER, type Partition } from './names.ts';
import { asProvisioner } from './provisioner.ts';
import type { Sessions } from './sessions.ts';
import { anywhereTrust, ROLES_ANYWHERE_PERMISSIONS, rolesAnywherePermissions, type Names } from './permissions.ts';

/** One thing that was looked at; the fix is absent when all is well. */
export interface AnywhereCheck {
  readonly ok: boolean;
  readonly message: string;
  readonly fix?: string;
}

export interface AnywhereDoctor {
  readonly authority: CertificateAuthority | 'elsewhere' | null;
  readonly partition: Partition;
  readonly names: Names;
  readonly place: AnywherePlace;
  readonly sessions: Sessions;
}

/**
 * Checks what `method: roles-anywhere` needs in an account: that there is an authority, that its trust anchor is there and on, and for each
 * role its profile, how long its sessions last, and that its policies can be listed. Nothing is written.
 */
export async function rolesAnywhereChecks(
  doctor: AnywhereDoctor,
  target: Target,
  roles: readonly Role[],
  call: CallOptions,
): Promise<readonly AnywhereCheck[]> {
  const own = roles.filter(({ aws }) => aws?.method === 'roles-anywhere');
  if (own.length === 0) return [];
  const { authority, names } = doctor;
  if (authority === 'elsewhere')
    return [{ ok: true, message: 'Certificates are issued by another process of this broker.' }];
  if (authority === null) {
    const message = 'Roles are given by certificates, and this broker has no certificate authority.';
    return [
      { ok: false, message, fix: 'export CURFEW_AWS_CA_FILE=ca.pem # docs/providers/aws.md says how to make it' },
    ];
  }
  const allow = `aws iam put-role-policy --role-name ${lastPart(PROVISIONER)} --policy-name ${ROLES_ANYWHERE_PERMISSIONS} --policy-document '${JSON.stringify(rolesAnywherePermissions(names))}'`;
  let anchors: readonly TrustAnchor[];
  let profiles: readonly Profile[];
  try {
    const control = anywhereControl(doctor.sessions, doctor.place, target.native, call);
    [anchors, profiles] = [await control.trustAnchors(), await control.profiles()];
    await control.crls();
  } catch (error) {
    return [{ ok: false, message: words(error), fix: allow }];
  }
  const anchor = anchors.find((one) => isOurAnchor(one, authority.certificate));
  const checks: AnywhereCheck[] = [anchorCheck(anchor)];
  for (const role of own) checks.push(...(await roleChecks(doctor, { target, role, profiles, anchor, allow }, call)));
  return checks;
}

function anchorCheck(anchor: TrustAnchor | undefined): AnywhereCheck {
  if (anchor?.enabled === true)
    return { ok: true, message: `The trust anchor ${ANCHOR} holds the certificate of this broker.` };
  if (anchor !== undefined) {
    const id = lastPart(anchor.arn);
    const message = `The trust anchor ${ANCHOR} is disabled.`;
    return { ok: false, message, fix: `aws rolesanywhere enable-trust-anchor --trust-anchor-id ${id}` };
  }
  const message = `There is no trust anchor ${ANCHOR} with the certificate of this broker.`;
  const source = `"{\\"sourceType\\":\\"CERTIFICATE_BUNDLE\\",\\"sourceData\\":{\\"x509CertificateData\\":$(jq -Rs . < ca.crt)}}"`;
  return {
    ok: false,
    message,
    fix: `aws rolesanywhere create-trust-anchor --name ${ANCHOR} --enabled --source ${source}`,
  };
}

async function roleChecks(
  doctor: AnywhereDoctor,
  of: {
    readonly target: Target;
    readonly role: Role;
    readonly profiles: readonly Profile[];
    readonly anchor: TrustAnchor | undefined;
    readonly allow: string;
  },
  call: CallOptions,
): Promise<readonly AnywhereCheck[]> {
  const found = resolveAnywhereRole(doctor.partition, of);
  if (!found.ok) return [{ ok: false, message: found.refusal.message, fix: 'curfew policy status' }];
  const resolved = found.value;
  const { place, definition, policy } = resolved;
  const checks: AnywhereCheck[] = [];
  const profile = of.profiles.find(({ name }) => name === definition.profile);
  const wrong = wrongProfile(profile, resolved);
  const settings = `--name ${quoted(definition.profile)} --role-arns ${place.arn} --session-policy ${quoted(policy.text)}`;
  const fix =
    profile === undefined
      ? `aws rolesanywhere create-profile --enabled ${settings}`
      : `aws rolesanywhere update-profile --profile-id ${lastPart(profile.arn)} ${settings} && aws rolesanywhere enable-profile --profile-id ${lastPart(profile.arn)}`;
  checks.push(
    wrong === null
      ? { ok: true, message: `The profile ${definition.profile} hands out ${place.role} as it should.` }
      : { ok: false, message: `For ${place.role} ${wrong}.`, fix },
  );
  const trustAnchorArn =
    of.anchor?.arn ?? `arn:${doctor.partition}:rolesanywhere:REGION:${place.account}:trust-anchor/ID`;
  const trust = JSON.stringify(anywhereTrust({ roleArn: place.arn, trustAnchorArn }));
  try {
    const known = await asProvisioner(doctor.sessions, place.account, call, async (iam) => {
      const calls = identityCalls(iam, identityOf(place), call);
      await calls.policies();
      return calls.known();
    });
    const rightLength = known.longestSessionS === LONGEST_SESSION_S;
    checks.push(
      rightLength
        ? { ok: true, message: `The ends of grants of ${place.role} can be armed.` }
        : {
            ok: false,
            message: `Sessions of ${place.role} last up to ${known.longestSessionS ?? 0} s; an end is armed for ${LONGEST_SESSION_S} s.`,
            fix: `aws iam update-role --role-name ${place.roleName} --max-session-duration ${LONGEST_SESSION_S}`,
          },
    );
  } catch (error) {
    const unclear = error instanceof ProviderFault && ['target-gone', 'forbidden-to-us'].includes(error.kind);
    const create = `aws iam create-role --path /curfew/ --role-name ${place.roleName} --max-session-duration ${LONGEST_SESSION_S} --assume-role-policy-document '${trust}'`;
    const message = `The role ${place.role} does not exist, or ${PROVISIONER} may not list its policies.`;
    checks.push({ ok: false, message: unclear ? message : words(error), fix: `${create}; ${of.allow}` });
  }
  return checks;
}

const lastPart = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** For a shell: neither a profile's name nor a policy of JSON that IAM takes needs more. */
const quoted = (text: string): string => `'${text.replace(/'/g, "'\\''")}'`;

/** Faults only: anything else is a defect of ours and goes up. */
function words(error: unknown): string {
  if (error instanceof ProviderFault) return error.message;
  throw error;
}
