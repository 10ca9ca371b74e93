import { z } from 'zod';
import { CURFEW_ROLES, ROLE_ACTIONS } from '../../core/administration.ts';
import { ok, type Result } from '../../core/result.ts';
import type { AdministrationView, HolderView, ProposalView } from '../../operations/list-administration.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once, type Made } from '../idempotency.ts';
import type { Outcome } from '../operations-port.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { idParams, personView, type Covers } from '../views.ts';

const time = z.string().meta({ format: 'date-time' });
const role = z.enum(CURFEW_ROLES);
const action = z.enum(ROLE_ACTIONS);

const holderView = z.object({
  person: personView,
  role,
  since: time,
  active: z.boolean().meta({ description: 'Whether the directory still has them; who has left cannot act.' }),
  appointedBy: personView.nullable().meta({ description: 'null: claimed with the code of the console.' }),
  confirmedBy: personView.nullable(),
});
const proposalView = z
  .object({
    id: z.string(),
    action,
    role,
    person: personView,
    proposedBy: personView,
    proposedAt: time,
    lapsesAt: time,
    mayConfirm: z.boolean(),
    mayRefuse: z.boolean(),
  })
  .meta({ id: 'RoleProposal' });
const administrationView = z
  .object({ holders: z.array(holderView).readonly(), proposals: z.array(proposalView).readonly() })
  .meta({ id: 'Administration' });

export const SCHEMAS_COVER_ADMINISTRATION: readonly [
  Covers<typeof administrationView, AdministrationView>,
  Covers<typeof holderView, HolderView>,
  Covers<typeof proposalView, ProposalView>,
] = [true, true, true];

/** Who looks after Curfew itself. No admin changes that alone. */
export function registerAdministration(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'GET',
    url: '/administration',
    schema: {
      summary: 'Who is an auditor or an admin, and which changes of that wait',
      description: 'Holders are no secret. Proposals are shown to auditors and admins, and to whom they are about.',
      tags: ['administration'],
      response: { 200: administrationView },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.listAdministration(actorOf(request))),
  });
  v1.route({
    method: 'POST',
    url: '/administration/claim',
    schema: {
      summary: 'Become the first admin, with the code that stands on the console of the broker',
      description: 'Once for each database. Five wrong codes void it; the next start prints another.',
      tags: ['administration'],
      body: z.strictObject({ code: z.string().min(1).max(100) }),
      response: { 200: administrationView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () => done(operations.claimAdministration(actorOf(request), request.body))),
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals',
    schema: {
      summary: 'Propose to appoint or dismiss an auditor or an admin',
      description:
        'Only admins propose. Another admin confirms it within 24 hours; where there is none, whom it is about does.',
      tags: ['administration'],
      body: z.strictObject({ action, person: z.string().min(1).max(200), role }),
      response: { 201: proposalView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () => done(operations.proposeRole(actorOf(request), request.body), 201)),
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals/:id/confirm',
    schema: {
      summary: 'Carry a proposal out, as its second person',
      tags: ['administration'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: proposalView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () =>
        done(operations.confirmRole(actorOf(request), pathId('prp', request.params.id))),
      ),
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals/:id/refuse',
    schema: {
      summary: 'Refuse a proposal, or withdraw your own',
      tags: ['administration'],
      params: idParams,
      body: z.strictObject({}),
      response: { 200: proposalView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () =>
        done(operations.refuseRole(actorOf(request), pathId('prp', request.params.id))),
      ),
  });
}

async function done(
  outcome: Outcome<AdministrationView | ProposalView>,
  status = 200,
): Promise<Result<Made, OperationRefusal>> {
  const made = await outcome;
  return made.ok ? ok({ status, body: made.value }) : made;
}
