import { z } from 'zod';
import { CURFEW_ROLES } from '../../core/administration.ts';
import { ok, type Result } from '../../core/result.ts';
import type { AdministrationView, ForgottenView, HolderView } from '../../operations/list-administration.ts';
import type { ProposalInput } from '../../operations/propose.ts';
import type { ProposalView } from '../../operations/proposal-view.ts';
import type { OperationRefusal } from '../../operations/refusal.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { once, type Made } from '../idempotency.ts';
import type { Outcome } from '../operations-port.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { signingView } from '../passkeys/webauthn.ts';
import { pathId } from '../path-ids.ts';
import { idParams, personView, type Covers } from '../views.ts';
import { changeBody, proposalBody, proposalView, signedAnswer } from './proposal-schema.ts';

const time = z.string().meta({ format: 'date-time' });

const seen = z.string().max(200).optional();
const holderView = z.object({
  person: personView,
  role: z.enum(CURFEW_ROLES),
  since: time,
  active: z.boolean().meta({ description: 'Whether the directory still has them; who has left cannot act.' }),
  appointedBy: personView.nullable().meta({ description: 'null: claimed with the code of the console.' }),
  confirmedBy: personView.nullable(),
});
const forgottenView = z.object({ issuer: z.string(), at: time, accounts: z.int() });
const administrationView = z
  .object({
    holders: z.array(holderView).readonly(),
    proposals: z.array(proposalView).readonly(),
    forgotten: z.array(forgottenView).readonly().meta({
      description:
        'When whoever runs Curfew had the accounts forgotten that the directory had introduced at an issuer, latest first.',
    }),
  })
  .meta({ id: 'Administration' });

export const SCHEMAS_COVER_ADMINISTRATION: readonly [
  Covers<typeof administrationView, AdministrationView>,
  Covers<typeof holderView, HolderView>,
  Covers<typeof forgottenView, ForgottenView>,
] = [true, true, true];

/** Who looks after Curfew itself. No admin changes that alone. */
export function registerAdministration(v1: ApiServer, parts: ApiParts): void {
  const { operations, base } = parts;
  v1.route({
    method: 'GET',
    url: '/administration',
    schema: {
      summary: 'Who is an auditor or an admin, and which changes by admins wait for a second one',
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
      summary: 'Propose a change that no admin makes alone',
      description:
        '`appoint` and `dismiss`: somebody gets a role, or loses it. `merge`: two persons are one human, so that what one approved for the ' +
        'other counts for nothing, and both together count once; `grants` says what becomes of live access that lacks an approval by that. ' +
        '`release`: an account passes on to another human. Another admin, none of those whom it is about, confirms it within 24 hours. ' +
        'A role is confirmed by whom it is about where there is no other admin. Nothing that was done is undone by itself. ' +
        'Takes an answer of a passkey to `/administration/proposals/challenge` from whoever has one, and a recovery first from whoever had one.',
      tags: ['administration'],
      body: proposalBody,
      response: { 201: proposalView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () => {
        const { assertion, ...change } = request.body;
        return done(operations.propose(actorOf(request), wanted(change), assertion), 201);
      }),
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals/challenge',
    schema: {
      summary: 'What my passkey has to sign to propose this',
      description:
        'Takes the same as the proposal, and proposes nothing. What is signed has the id that the proposal will have.',
      tags: ['administration'],
      body: changeBody,
      response: { 200: signingView },
    },
    handler: async (request, reply) =>
      answer(base.origin, request, reply, await operations.challengeProposing(actorOf(request), wanted(request.body))),
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals/:id/challenge',
    schema: {
      summary: 'What my passkey has to sign to confirm this',
      tags: ['administration'],
      params: idParams,
      body: z.strictObject({ seen }),
      response: { 200: signingView },
    },
    handler: async (request, reply) => {
      const id = pathId('prp', request.params.id);
      return answer(
        base.origin,
        request,
        reply,
        await operations.challengeProposal(actorOf(request), id, request.body),
      );
    },
  });
  v1.route({
    method: 'POST',
    url: '/administration/proposals/:id/confirm',
    schema: {
      summary: 'Carry a proposal out, as its second person',
      description:
        'Takes an answer of a passkey to `challenge` from whoever has one, and a sign-in of the last ten minutes from who never had one. With `seen` it is a yes to what was shown: where the proposal would change something else by ' +
        'now, it is refused (proposal-changed). The answer says what it changed.',
      tags: ['administration'],
      params: idParams,
      body: z.strictObject({
        seen,
        assertion: signedAnswer.optional(),
      }),
      response: { 200: proposalView },
    },
    handler: (request, reply) =>
      once(parts, request, reply, () =>
        done(operations.confirmProposal(actorOf(request), pathId('prp', request.params.id), request.body)),
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
        done(operations.refuseProposal(actorOf(request), pathId('prp', request.params.id))),
      ),
  });
}

function wanted(body: z.output<typeof changeBody>): ProposalInput {
  return body.action === 'release' ? { ...body, account: pathId('lnk', body.account) } : body;
}

async function done(
  outcome: Outcome<AdministrationView | ProposalView>,
  status = 200,
): Promise<Result<Made, OperationRefusal>> {
  const made = await outcome;
  return made.ok ? ok({ status, body: made.value }) : made;
}
