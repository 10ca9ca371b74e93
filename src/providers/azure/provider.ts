import type { Clock } from '../../platform/clock.ts';
import {
  type Act,
  type BindingPlace,
  type BindingSpec,
  type EndedBy,
  type Landing,
  type Provider,
  type Quota,
  type Residual,
} from '../contract.ts';
import { byMethod } from '../method.ts';
import type { EndSigner } from '../signed-end.ts';
import { createArm } from './call.ts';
import { diagnose } from './doctor.ts';
import { endpointsOf, GLOBAL_AUTHORITY } from './endpoints.ts';
import { createTokens, objectIdIn, type AzureIdentity } from './identity.ts';
import { rbac } from './rbac.ts';
import { roleAssignments } from './rbac-assignments.ts';

export interface AzureProviderOptions {
  readonly identity: AzureIdentity;
  /** Where tokens are issued; decides the cloud of Microsoft's. Absent: the global one. */
  readonly authority?: string;
  readonly clock: Clock;
  /** Signs the ends that stand in assignments. */
  readonly endSigner: EndSigner;
  /** A single call is given up after this; the caller's signal may be earlier. Default 3 s. */
  readonly requestTimeoutMs?: number;
  /** Sends everything there instead of to Azure. Needs `allowCustomEndpoint`. */
  readonly endpoint?: string;
  readonly allowCustomEndpoint?: boolean;
}

export interface AzureProvider extends Provider {
  endedBy(binding: Pick<BindingSpec, 'method' | 'role'>): EndedBy;
  landing(binding: Pick<BindingSpec, 'method' | 'role' | 'target' | 'principal'>): Landing | null;
  quota(place: BindingPlace, act: Act): readonly Quota[];
  residual(binding: Pick<BindingSpec, 'method' | 'role' | 'target'>): Residual;
  sharedPlace(wanted: Pick<BindingSpec, 'method' | 'target' | 'role' | 'principal'>): readonly string[];
  /** Gets a token and throws it away: what is wrong with the broker's identity is said now. Throws faults. */
  requireIdentity(signal: AbortSignal): Promise<void>;
}

/** Makes the provider. Throws an `Error` for an endpoint that is not allowed; never reads the environment. */
export function createAzureProvider(options: AzureProviderOptions): AzureProvider {
  const { clock, identity, endSigner, requestTimeoutMs = 3_000 } = options;
  const endpoints = endpointsOf(
    options.authority ?? GLOBAL_AUTHORITY,
    options.endpoint,
    options.allowCustomEndpoint ?? false,
  );
  const tokens = createTokens(identity, { endpoints, clock, requestTimeoutMs });
  const arm = createArm({ tokens, management: endpoints.management, requestTimeoutMs });
  // There are no certificates here, and nothing beside bindings: whoever asks whether there is hears no.
  const {
    issueCertificate: _,
    forget: __,
    tidy: ___,
    ...handedOn
  } = byMethod('Azure', [rbac({ arm, clock, endSigner })]);
  return {
    name: 'azure',
    ...handedOn,
    doctor: (places, call) =>
      diagnose(
        { assignments: roleAssignments(arm), self: async (signal) => objectIdIn(await tokens.get(signal)) },
        places,
        call,
      ),
    requireIdentity: async (signal) => void (await tokens.get(signal)),
  };
}
