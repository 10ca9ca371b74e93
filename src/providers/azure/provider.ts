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
import { createArm, type Arm } from './call.ts';
import { diagnose } from './doctor.ts';
import { endpointsOf, GLOBAL_AUTHORITY } from './endpoints.ts';
import { createTokens, objectIdIn, type AzureIdentity, type Tokens } from './identity.ts';
import { pim } from './pim.ts';
import { pimCalls } from './pim-requests.ts';
import { rbac } from './rbac.ts';
import { roleAssignments } from './rbac-assignments.ts';

export interface AzureProviderOptions {
  readonly identity: AzureIdentity;
  /** For `method: pim` alone, which needs rights that no condition can limit. Absent: nothing is given by it. */
  readonly pimIdentity?: AzureIdentity;
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
  const tokensOf = (of: AzureIdentity): Tokens => createTokens(of, { endpoints, clock, requestTimeoutMs });
  const armOf = (of: Tokens): Arm => createArm({ tokens: of, management: endpoints.management, requestTimeoutMs });
  const tokens = tokensOf(identity);
  const pimTokens = options.pimIdentity === undefined ? null : tokensOf(options.pimIdentity);
  const arm = armOf(tokens);
  const pimArm = pimTokens === null ? null : armOf(pimTokens);
  // There are no certificates here, and nothing beside bindings: whoever asks whether there is hears no.
  const {
    issueCertificate: _,
    forget: __,
    tidy: ___,
    ...handedOn
  } = byMethod('Azure', [rbac({ arm, clock, endSigner }), pim({ arm: pimArm, clock, endSigner })]);
  return {
    name: 'azure',
    ...handedOn,
    doctor: (places, call) =>
      diagnose(
        {
          assignments: roleAssignments(arm),
          self: async (signal) => objectIdIn(await tokens.get(signal)),
          pim: pimArm === null ? null : pimCalls(pimArm),
        },
        places,
        call,
      ),
    requireIdentity: async (signal) => {
      await tokens.get(signal);
      await pimTokens?.get(signal);
    },
  };
}
