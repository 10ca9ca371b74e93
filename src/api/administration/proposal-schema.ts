import { z } from 'zod';
import { CURFEW_ROLES, MERGE_GRANTS, ROLE_ACTIONS } from '../../core/administration.ts';
import type { MergeView, ProposalView, ReleaseView, RoleView } from '../../operations/proposal-view.ts';
import { nameText } from '../name-text.ts';
import { assertionResponse, signedDocument } from '../passkeys/webauthn.ts';
import { personView, type Covers } from '../views.ts';

const time = z.string().meta({ format: 'date-time' });
const key = nameText();
const role = z.enum(CURFEW_ROLES);
const grants = z.enum(MERGE_GRANTS);
const roleAction = z.enum(ROLE_ACTIONS);
const reason = z.string().min(1).max(2_000);

/** A change that is proposed. People are named by their keys in the directory. */
const forRole = z.strictObject({ action: roleAction, person: key, role, reason });
const forMerge = z.strictObject({ action: z.literal('merge'), person: key, other: key, grants, reason });
const forRelease = z.strictObject({ action: z.literal('release'), account: z.string().max(100), reason });
export const changeBody = z.discriminatedUnion('action', [forRole, forMerge, forRelease]);

/** An answer of a passkey to a question about a proposal. */
export const signedAnswer = z.strictObject({ document: signedDocument, response: assertionResponse });
const signed = { assertion: signedAnswer.optional() };

/** The same with what the passkey of whoever proposes it signed. */
export const proposalBody = z.discriminatedUnion('action', [
  forRole.extend(signed),
  forMerge.extend(signed),
  forRelease.extend(signed),
]);

const item = z.object({ role: z.string(), target: z.string() });
const proposed = z.object({
  id: z.string(),
  person: personView.meta({ description: 'Of two who are merged the one that both are counted as.' }),
  reason: z.string(),
  proposedBy: personView,
  proposedAt: time,
  lapsesAt: time,
  mayConfirm: z.boolean(),
  mayRefuse: z.boolean(),
  confirmers: z
    .array(personView)
    .readonly()
    .meta({ description: 'Who can confirm it now; empty: nobody, or it is over.' }),
  changesVersion: z.string().meta({
    description: 'Stands for everything that it would change, as it is shown here: `seen` of a confirmation.',
  }),
});
const roleChange = proposed.extend({ action: roleAction, role });
const merge = proposed.extend({
  action: z.literal('merge'),
  other: personView,
  grants,
  losesRequests: z
    .array(z.object({ id: z.string(), person: personView, items: z.array(item).readonly() }))
    .readonly()
    .meta({ description: 'Pending requests on which an approval no longer counts.' }),
  losesGrants: z
    .array(item.extend({ id: z.string(), person: personView, endsAt: time.nullable() }))
    .readonly()
    .meta({ description: 'Live access that lacks an approval: what `grants` is about.' }),
  widensOrders: z
    .array(z.object({ id: z.string(), person: personView, to: personView, ends: z.int().min(0) }))
    .readonly()
    .meta({
      description:
        'Orders to end access that stand over `person`, and stand over `to` too from then on: `ends` is how much live access of `to` they reach. What `to` asks for within their reach is withdrawn, and does not start while they stand.',
    }),
});
const account = z.object({
  id: z.string(),
  issuer: z.string(),
  subject: z.string(),
  provenFor: z.array(personView).readonly().meta({ description: 'None of it counts any more once it is released.' }),
  signsIn: z.boolean().meta({ description: 'Whether it signs `person` in now.' }),
  claimedBy: personView.nullable().meta({
    description: 'Who claims it as well; whoever has it: the directory gives them another one there in its place.',
  }),
});
const release = proposed.extend({ action: z.literal('release'), account });

/** A proposal, with everything that it would change now, or did change when it was carried out. */
export const proposalView = z.discriminatedUnion('action', [roleChange, merge, release]).meta({ id: 'Proposal' });

type Proposed = Omit<ProposalView, 'action'>;
export const SCHEMAS_COVER_PROPOSALS: readonly [
  Covers<typeof roleChange, Proposed & RoleView>,
  Covers<typeof merge, Proposed & MergeView>,
  Covers<typeof release, Proposed & ReleaseView>,
  Covers<typeof account, ReleaseView['account']>,
] = [true, true, true, true];
