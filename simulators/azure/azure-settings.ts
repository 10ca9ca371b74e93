import type { Range } from '../shared/draw.ts';
import { changeSettings } from '../shared/settings.ts';

/** How Azure behaves in time, and where it has enough. */
export type AzureSettings = {
  /** How long authorization does not see a new or changed role assignment. Azure documents up to ten minutes. */
  readonly roleAdditionMs: Range;
  /** How long it still sees one that was deleted. Documented as the same. */
  readonly roleRemovalMs: Range;
  /** The same, both ways, for data actions that come from a management group. Azure documents several hours. */
  readonly managementGroupDataMs: Range;
  /** Whether a token that was issued after a change is judged with it at once, as Azure says of its own clients. */
  readonly newTokenSeesChanges: boolean;
  /** How long lists of role assignments do not show a change. */
  readonly listDelayMs: Range;
  /** How long Resource Manager does not know a principal that is new in the directory. */
  readonly principalReplicationMs: Range;
  /** How long authorization does not see a change of a group's members. */
  readonly groupChangeMs: Range;
  /** How long Graph's reads do not show a change of the directory. */
  readonly graphReadMs: Range;
  /** How long Graph takes tokens from before a person's sessions were revoked. Microsoft says some minutes. */
  readonly sessionRevocationMs: Range;
  /** How long PIM takes until what was asked of it is there, and until it is gone. */
  readonly pimProvisionMs: Range;
  readonly pimRemovalMs: Range;
  /** What PIM gives nothing shorter than, and takes nothing away sooner than. Microsoft says five minutes. */
  readonly pimShortestMs: number;
  /** How long after its end PIM takes an assignment away. */
  readonly pimExpiryMs: Range;
  /** How long an access token is good for. */
  readonly tokenLifetimeMs: Range;
  /** How late an event stands in the Activity Log. */
  readonly activityDelayMs: Range;
  /** Token buckets of Resource Manager, for each caller and subscription: their size, and what comes back each second (0: no limit). */
  readonly readBurst: number;
  readonly readsPerSecond: number;
  readonly writeBurst: number;
  readonly writesPerSecond: number;
  readonly deleteBurst: number;
  readonly deletesPerSecond: number;
  /** The token bucket of Graph, for each application and tenant. */
  readonly graphBurst: number;
  readonly graphPerSecond: number;
  /** How many role assignments there can be in a subscription, with those of all that is in it, and in a management group. */
  readonly assignmentsPerSubscription: number;
  readonly assignmentsPerManagementGroup: number;
  /** Whether whoever has a condition on what they delete may not delete what is not there; the documentation is silent. */
  readonly absentDeleteRefused: boolean;
  /** Whether what PIM assigned can be taken away past it, as a role assignment or a member of a group; the documentation is silent. */
  readonly pimLetsOthersRemove: boolean;
  readonly seed: number;
};

/** Limits are Azure's own. Delays are short, for demos and tests; Azure's worst stands in DIFFERENCES.md. */
export const defaultSettings: AzureSettings = {
  roleAdditionMs: [1_000, 4_000],
  roleRemovalMs: [1_000, 4_000],
  managementGroupDataMs: [2_000, 8_000],
  newTokenSeesChanges: false,
  listDelayMs: [0, 1_000],
  principalReplicationMs: [1_000, 5_000],
  groupChangeMs: [1_000, 4_000],
  graphReadMs: [0, 1_000],
  sessionRevocationMs: [1_000, 5_000],
  pimProvisionMs: [1_000, 4_000],
  pimRemovalMs: [1_000, 4_000],
  pimShortestMs: 300_000,
  pimExpiryMs: [0, 2_000],
  tokenLifetimeMs: [3_600_000, 5_400_000],
  activityDelayMs: [1_000, 5_000],
  readBurst: 250,
  readsPerSecond: 25,
  writeBurst: 200,
  writesPerSecond: 10,
  deleteBurst: 200,
  deletesPerSecond: 10,
  graphBurst: 3_500,
  graphPerSecond: 350,
  assignmentsPerSubscription: 4_000,
  assignmentsPerManagementGroup: 500,
  absentDeleteRefused: false,
  pimLetsOthersRemove: false,
  seed: 1,
};

/** Settings with some changed, as `POST /_sim/settings` sends them. Throws an Error for what is no setting. */
export const changedSettings = (old: AzureSettings, changes: Readonly<Record<string, unknown>>): AzureSettings =>
  changeSettings(defaultSettings, old, changes);
