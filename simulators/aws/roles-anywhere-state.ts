import { createHash } from 'node:crypto';

/** What Roles Anywhere keeps; everything belongs to one account and one region. */
export type RolesAnywhereState = { trustAnchors: TrustAnchor[]; profiles: Profile[]; crls: Crl[] };

type Kept = {
  id: string;
  account: string;
  region: string;
  name: string;
  enabled: boolean;
  createdAt: number;
  updatedAt: number;
};
/** `certificates` is the PEM bundle. */
export type TrustAnchor = Kept & { certificates: string };
export type Profile = Kept & {
  roleArns: string[];
  sessionPolicy: string | null;
  durationSeconds: number;
  acceptRoleSessionName: boolean;
};
/** `pem` is what was imported. */
export type Crl = Kept & { trustAnchorArn: string; pem: string };

/** What a world begins with in one account and region. */
export type RolesAnywhereDescription = {
  readonly region: string;
  readonly trustAnchors?: readonly { readonly name: string; readonly certificates: string }[];
  readonly profiles?: readonly {
    readonly name: string;
    readonly roleArns: readonly string[];
    readonly sessionPolicy?: string;
    readonly durationSeconds?: number;
  }[];
};

type Kind = 'trust-anchor' | 'profile' | 'crl';

export const arnOf = (kind: Kind, { region, account, id }: Pick<Kept, 'region' | 'account' | 'id'>): string =>
  `arn:aws:rolesanywhere:${region}:${account}:${kind}/${id}`;

/** An id in the shape of AWS's that follows from names, so that the same description always yields the same ids. */
export function stableUuid(...names: readonly string[]): string {
  const hex = createHash('sha256').update(names.join('\n')).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** The state that a description of accounts asks for. */
export function describeRolesAnywhere(
  accounts: readonly { readonly id: string; readonly rolesAnywhere?: RolesAnywhereDescription }[],
  nowMs: number,
): RolesAnywhereState {
  const state: RolesAnywhereState = { trustAnchors: [], profiles: [], crls: [] };
  for (const { id: account, rolesAnywhere } of accounts) {
    if (rolesAnywhere === undefined) continue;
    const { region } = rolesAnywhere;
    const kept = (kind: Kind, name: string): Kept => ({
      id: stableUuid(kind, account, region, name),
      ...{ account, region, name, enabled: true, createdAt: nowMs, updatedAt: nowMs },
    });
    for (const { name, certificates } of rolesAnywhere.trustAnchors ?? [])
      state.trustAnchors.push({ ...kept('trust-anchor', name), certificates });
    for (const { name, roleArns, sessionPolicy, durationSeconds } of rolesAnywhere.profiles ?? [])
      state.profiles.push({
        ...kept('profile', name),
        roleArns: [...roleArns],
        sessionPolicy: sessionPolicy ?? null,
        durationSeconds: durationSeconds ?? 3_600,
        acceptRoleSessionName: false,
      });
  }
  return state;
}
