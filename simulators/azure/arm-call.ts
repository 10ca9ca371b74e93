import type { HttpAnswer, HttpCall } from '../shared/http-call.ts';
import type { Authorization, Caller } from './authorization.ts';
import type { AzureSettings } from './azure-settings.ts';
import type { Pim } from './pim.ts';
import type { RoleAssignments } from './role-assignment-store.ts';
import type { Scope } from './scopes.ts';
import type { World } from './world.ts';

/** What Resource Manager's operations work with. */
export type ArmPorts = {
  readonly world: World;
  readonly assignments: RoleAssignments;
  readonly authorization: Authorization;
  readonly pim: Pim;
  readonly settings: () => AzureSettings;
  readonly now: () => number;
};

/** One call whose token has been checked. */
export type ArmCall = {
  readonly http: HttpCall;
  readonly caller: Caller;
  readonly version: string;
  readonly correlationId: string;
};

/** Where a path leads. */
export type ArmRoute = {
  /** The action that is asked for, as roles name it. */
  readonly action: string;
  /** The type, as `NoRegisteredProviderFound` names it; `null` for what Resource Manager has itself. */
  readonly type: string | null;
  readonly versions: readonly string[];
  readonly scope: Scope;
  /** Whether `$filter` means something. */
  readonly filtered?: boolean;
  readonly perform: (call: ArmCall) => HttpAnswer;
};

export const json = (value: unknown, status = 200): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-cache' },
  body: JSON.stringify(value),
});

export const noContent: HttpAnswer = { status: 204, headers: { 'cache-control': 'no-cache' }, body: '' };

/** Seven digits after the point, as .NET writes a moment. */
export const moment = (ms: number): string => new Date(ms).toISOString().replace('Z', '0000Z');
