import type { ArmPorts } from './arm-call.ts';
import { PIM_ACTIONS, PIM_STATUSES } from './pim-state.ts';

type Body = Readonly<Record<string, unknown>>;

const oneOf = <T extends string>(all: readonly T[], value: unknown): T => {
  const found = all.find((one) => one === value);
  if (found === undefined) throw new Error(`${String(value)} is none of ${all.join(', ')}`);
  return found;
};

/**
 * What happens in PIM beside its interfaces: somebody decides about an activation, rules are changed, and what comes of the next requests.
 * Throws an Error for what cannot be.
 */
export function changePim(ports: ArmPorts, body: Body): Body {
  const change = String(body['change']);
  switch (change) {
    case 'approve':
    case 'deny':
      ports.pim.decide(String(body['request']), change === 'approve');
      return {};
    case 'rules': {
      const tenant = body['tenant'] === undefined ? ports.world.tenants[0] : ports.world.tenant(String(body['tenant']));
      const rules = body['rules'];
      if (tenant === undefined || tenant === null || typeof rules !== 'object' || rules === null)
        throw new Error('rules are an object, of a tenant that is there');
      const kind = oneOf(['arm', 'group', 'entra'], body['kind']);
      const target = {
        kind,
        tenant: tenant.id,
        scopeKey: String(body['scope']).toLowerCase(),
        role: String(body['role']),
      };
      ports.pim.changeRules(target, { ...rules }, '');
      return {};
    }
    case 'outcomes': {
      const wanted: unknown = body['outcomes'];
      if (!Array.isArray(wanted)) throw new Error('an array of outcomes is expected');
      ports.pim.expect(
        wanted.map((one: Body) => ({
          kind: oneOf(['arm', 'group', 'entra'], one['kind']),
          action: oneOf(PIM_ACTIONS, one['action'] ?? 'AdminAssign'),
          status: oneOf(PIM_STATUSES, one['status']),
          delayMs: Number(one['delayMs'] ?? 0),
          left: Number(one['times'] ?? 1),
        })),
      );
      return {};
    }
    default:
      throw new Error(`there is no change ${change}`);
  }
}
