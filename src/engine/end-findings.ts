import type { JsonObject } from '../core/json.ts';
import type { Residual } from '../providers/contract.ts';
import { noteEditTold, type GrantRecord } from '../store/grants.ts';
import { bindingPlace, methodOf } from './binding-spec.ts';
import type { StepPorts } from './ports.ts';
import { raiseFinding } from './record.ts';

/**
 * What would have ended the access without us had been edited, as was seen before it was tried to take it away: somebody is told, once. What
 * cannot be written is told at the next look, and hides nothing of what became of the removal. Never rejects.
 */
export async function tellOfEditedEnd(ports: StepPorts, grant: GrantRecord, native: JsonObject | null): Promise<void> {
  if (native === null) return;
  const facts = { finding: 'end-was-edited' as const, native };
  try {
    if (await raiseFinding(ports, grant, facts, (trx) => noteEditTold(trx, grant.id)))
      ports.log.error({ grant: grant.id, ...facts }, 'the end of an access in the cloud was edited by somebody');
  } catch (error) {
    ports.log.error({ grant: grant.id, ...facts, error: String(error) }, 'an edited end could not be written down');
  }
}

/** More can survive the end than was said before the access was approved, or when it was made: somebody is told. */
export async function tellOfResidual(
  ports: StepPorts,
  grant: GrantRecord,
  residual: Residual | undefined,
): Promise<void> {
  if (residual === undefined || (residual.maxMs ?? Infinity) <= promisedMs(ports, grant)) return;
  const facts = { finding: 'more-survives-than-promised' as const, message: residual.words };
  ports.log.error({ grant: grant.id, ...facts }, 'more can survive an end than was promised');
  await raiseFinding(ports, grant, facts);
}

function promisedMs(ports: StepPorts, grant: GrantRecord): number {
  const { provider, capabilities } = methodOf(ports.providers, grant);
  const promised = grant.residual ?? provider.residual?.(bindingPlace(grant)) ?? capabilities.residual;
  return promised.maxMs ?? Infinity;
}
