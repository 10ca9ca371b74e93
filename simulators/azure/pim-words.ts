import { AzureError } from './azure-error.ts';
import type { JsonBody } from './json-body.ts';
import type { PimExpiration } from './pim-state.ts';

const TYPES = ['AfterDuration', 'AfterDateTime', 'NoExpiration'] as const;

const invalid = (): AzureError =>
  new AzureError(400, 'InvalidRoleAssignmentRequest', 'The role assignment request is invalid.');

/** When a schedule ends; letters are written large in Resource Manager and small in Graph, and both take either. */
export function readExpiration(body: JsonBody): PimExpiration {
  const sent = body.text('type').toLowerCase();
  const type = TYPES.find((one) => one.toLowerCase() === sent);
  const [duration, endDateTime] = [body.optionalText('duration'), body.optionalText('endDateTime')];
  if (type === undefined) throw invalid();
  return { type, duration, endDateTime };
}

/** Milliseconds since the epoch, or null where nothing is said. */
export function readMoment(sent: string | null): number | null {
  if (sent === null) return null;
  const at = Date.parse(sent);
  if (Number.isNaN(at)) throw invalid();
  return at;
}

export const readTicket = (
  body: JsonBody | null,
): { readonly ticketNumber: string | null; readonly ticketSystem: string | null } => ({
  ticketNumber: body?.optionalText('ticketNumber') ?? null,
  ticketSystem: body?.optionalText('ticketSystem') ?? null,
});

/** A moment as PIM writes it. */
export const shownMoment = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
