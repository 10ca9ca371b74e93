import { toIso } from '../../core/time.ts';
import type { Clock } from '../../platform/clock.ts';
import { ProviderFault, type BindingSpec, type Plan } from '../contract.ts';
import type { Method } from '../method.ts';
import { endSecond, type EndSigner } from '../signed-end.ts';
import type { Arm } from './call.ts';
import { PIM } from './capabilities.ts';
import { NO_IDENTITY, NO_IDENTITY_HINT, PimAssignments, type PimPlace } from './pim-assignments.ts';
import { landingAt, quotaOf } from './rbac.ts';
import { nativeNames, resolvePlace } from './rbac-place.ts';

/** What the method needs of the provider. */
export interface PimPorts {
  /** Resource Manager, called as the identity that is for PIM alone; `null`: there is none. */
  readonly arm: Arm | null;
  readonly clock: Clock;
  /** Signs the end that stands in each request. */
  readonly endSigner: EndSigner;
}

/**
 * Each grant is an active assignment of Privileged Identity Management to the person's own Entra user, which PIM takes away at its end. What we
 * asked for says so, signed, in its justification: of what stands there only what such a request made is ours. PIM refuses to take away what is
 * younger than five minutes; and where its licence lapses it makes everything permanent, so that nothing here relies on the end alone.
 */
export function pim(ports: PimPorts): Method {
  const at = ports.arm === null ? null : new PimAssignments(ports.arm, ports);
  const resolve = (spec: Pick<BindingSpec, 'role' | 'target' | 'principal'>): PimPlace => {
    const found = resolvePlace('pim', spec);
    if (!found.ok) throw new ProviderFault('invalid', found.refusal.message);
    return found.value;
  };
  const here = (): PimAssignments => {
    if (at === null) throw new ProviderFault('forbidden-to-us', NO_IDENTITY, { fix: NO_IDENTITY_HINT });
    return at;
  };
  return {
    capabilities: PIM,
    plan: (wanted) => (at === null ? { ok: false, message: NO_IDENTITY, hint: NO_IDENTITY_HINT } : plan(wanted)),
    provision: async (wanted, call) => {
      const place = resolve(wanted);
      if (call.now >= wanted.endsAt)
        throw new ProviderFault('invalid', `The grant ${wanted.grant} ended at ${toIso(wanted.endsAt)}`);
      return here().provision(place, wanted, call);
    },
    observe: async (binding, ending, call) => here().observe(resolve(binding), binding, ending, call),
    revoke: async (binding, _ending, _rung, call) => here().revoke(resolve(binding), binding, call),
    // PIM takes one request for a place at a time, and the turn on the slot is one at a time already.
    exclusive: () => null,
    quota: (place, act) => quotaOf(place, act, { reads: 8 }),
    sharedPlace: (wanted) => nativeNames(resolve(wanted)),
    issueCredential: ({ grant }) =>
      Promise.reject(
        new ProviderFault(
          'invalid',
          `Nothing is handed out under ${grant}: its holder signs in to Azure as themselves`,
        ),
      ),
    landing: (binding) => {
      const found = resolvePlace('pim', binding);
      return found.ok ? landingAt(found.value) : null;
    },
    tidy: async () => ({ removed: false, left: 0 }),
  };
}

function plan(wanted: BindingSpec): Plan {
  const found = resolvePlace('pim', wanted);
  if (!found.ok) return { ok: false, ...found.refusal };
  const { scope, principalId, definition } = found.value;
  const words =
    `Ask Privileged Identity Management to assign ${definition.roleName} (${definition.roleDefinition}) at ${scope} to the Entra user ${principalId} ` +
    `until ${toIso(endSecond(wanted.endsAt))}, when it takes it away by itself. Its own approval is for those who activate, and is not asked. If ` +
    'somebody has assigned it already, nothing is written and nothing will be removed';
  return { ok: true, words, policyHash: null };
}
