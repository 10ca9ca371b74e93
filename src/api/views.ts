import { z } from 'zod';
import { GRANT_STATES } from '../core/grant.ts';
import { LAPSE_CAUSES, REQUEST_STATES } from '../core/request.ts';
import { TIERS } from '../core/role.ts';
import { EXTENSION_STATES, type ExtensionView } from '../operations/extension-view.ts';
import type { AlreadyView } from '../operations/already-there.ts';
import type { CatalogueItem } from '../operations/search-catalogue.ts';
import type { StepView } from '../operations/step-view.ts';
import type { DecisionView, GrantView, RequestView } from '../operations/views.ts';
import { landing } from './landing-view.ts';
import { REFUSAL_CODES, type Decision, type Refusal } from '../policy/types.ts';

/** The shapes of what the API answers with. Types below compare them with what operations make: neither can change alone. */

const time = z.string().meta({ format: 'date-time' });
const list = <Schema extends z.ZodType>(schema: Schema) => z.array(schema).readonly();
const tier = z.literal(TIERS);
const text = z.string();

export const personView = z.object({ key: text, name: text }).meta({ id: 'Person' });

export const itemView = z.object({ role: text, target: text });

export const reasonView = z.object({ rule: text, text });

export const refusalView = z.object({
  code: z.enum(REFUSAL_CODES),
  rule: text,
  text,
  item: itemView.nullable(),
  hint: text.optional(),
});

const residual = z.object({
  maxMs: z.number().nullable().meta({ description: 'For how long at most; null: there is no bound.' }),
  words: text,
});

export const grantView = z
  .object({
    id: text,
    status: z.enum(GRANT_STATES),
    request: text,
    role: text,
    target: text,
    tier,
    provider: text,
    method: text,
    person: personView,
    duration: text,
    durationMs: z.number(),
    startsAt: time,
    activatedAt: time.nullable(),
    usableAt: time.nullable(),
    reissueAfter: time.nullable(),
    endsAt: time.nullable(),
    boundUntil: time.nullable().meta({
      description:
        'The latest end that was ever on its way into the cloud; later than endsAt when an extension was not confirmed.',
    }),
    retryOf: text.nullable().meta({ description: 'The grant that this one is the only retry of.' }),
    triesAgain: z.boolean().meta({ description: 'Whether it is tried once more when it is proven gone.' }),
    extended: z.number().meta({ description: 'How often its end was moved to later.' }),
    endedAt: time.nullable(),
    cause: text.nullable(),
    proof: z
      .object({
        kind: z.enum(['observed', 'by-construction', 'never-provisioned']),
        at: time,
        evidence: z.record(z.string(), z.unknown()),
        gone: z.boolean().meta({
          description:
            'Whether the access itself is gone. False in a shared place of the cloud where it was before, or where another grant needs it: only the grant is over.',
        }),
        brief: text.meta({ description: 'What the proof says, in a few words.' }),
        words: text.meta({ description: 'What the proof says, in a sentence.' }),
        keptUntil: time.nullable().meta({ description: 'Until when another grant keeps the access; null: none does.' }),
      })
      .nullable()
      .meta({ description: 'Why it may be said to be over; null: it is not.' }),
    residual: residual.meta({ description: 'What can survive its end.' }),
    residualBefore: residual.meta({
      description: 'What was said before the approval; the cloud may say something else of this very grant.',
    }),
    landing: landing.nullable(),
    lastFault: text.nullable(),
    waits: z
      .object({
        until: time.nullable().meta({ description: 'Not before then; null: nobody knows.' }),
        why: text,
      })
      .nullable()
      .meta({ description: 'What its start waits for.' }),
    serverTime: time,
  })
  .meta({ id: 'Grant' });

const deciders = {
  eligible: list(
    z
      .object({
        key: text,
        name: text,
        onCall: z.boolean().meta({ description: 'On call now, in a rotation that the step names itself.' }),
      })
      .meta({ id: 'Decider' }),
  ).meta({
    description: 'Whose yes it still takes: you, then who is on call. The first of them, where there are many.',
  }),
  eligibleCount: z.number().meta({ description: 'How many people that is altogether.' }),
};

export const stepView = z
  .object({
    id: text,
    rule: text,
    from: list(text),
    count: z.number(),
    missing: z.number(),
    approvedBy: list(personView),
    ...deciders,
  })
  .meta({ id: 'ApprovalStep' });

export const personDecisionView = z
  .object({
    by: personView,
    verdict: z.enum(['approve', 'deny']),
    comment: text.nullable(),
    at: time,
    durationMs: z
      .number()
      .nullable()
      .meta({ description: 'The longest that this person agreed to; null: as long as was asked.' }),
    signed: z.boolean().meta({ description: 'Said with a passkey, over exactly what was approved.' }),
    setAside: z.boolean().meta({
      description:
        'What it was given for has changed since: this yes does not count, and while the request waits its giver can decide again.',
    }),
  })
  .meta({ id: 'PersonDecision' });

export const extensionView = z
  .object({ grant: text, until: time, status: z.enum(EXTENSION_STATES) })
  .meta({ id: 'Extension' });

const stale = list(text).meta({ description: 'Sources of people that are older now than they should be, in words.' });

export const requestView = z
  .object({
    id: text,
    status: z.enum(REQUEST_STATES),
    requester: personView,
    items: list(
      z.object({
        role: text,
        target: text,
        tier: tier.nullable(),
        description: text
          .nullable()
          .meta({ description: 'What the role is for; null: the rules in force have no such role.' }),
        labels: z.record(z.string(), z.string()).readonly().meta({ description: 'Labels of the target.' }),
        grant: text.nullable(),
        plan: text.nullable().meta({
          description:
            'What the cloud would be told, while a new grant waits for a decision; null: it is decided, is an extension, or could not be made now.',
        }),
        residual: residual.nullable().meta({ description: 'What is said before anybody agrees to survive its end.' }),
      }),
    ),
    reason: text,
    ticket: text.nullable(),
    duration: text,
    durationMs: z.number(),
    grantedDurationMs: z.number().nullable().meta({
      description: 'The shortest time that anybody has approved so far; null: nobody has made it shorter.',
    }),
    needsSignature: z.boolean().meta({ description: 'Whoever approves it has to sign with a passkey.' }),
    mayDecide: z.boolean().meta({ description: 'Whether I can say yes or no to it now.' }),
    startsAt: time.nullable(),
    createdAt: time,
    lapsesAt: time,
    decidedAt: time.nullable(),
    deniedBy: z.enum(['approver', 'policy']).nullable(),
    lapseCause: z.enum(LAPSE_CAUSES).nullable().meta({ description: 'Why it lapsed; null: it has not.' }),
    policyVersion: text,
    rulesVersion: text.meta({ description: 'The rules in force when this was read: `seen` of a yes to it.' }),
    stale,
    steps: list(stepView),
    decisions: list(personDecisionView),
    reasons: list(reasonView),
    grants: list(grantView),
    extends: extensionView.nullable().meta({ description: 'What it is to lengthen; null: it asks for access.' }),
    next: text,
  })
  .meta({ id: 'Request' });

const requirementsView = z.object({
  reasonMin: z.number(),
  ticket: text.nullable(),
  mfaMaxAgeMs: z.number().nullable(),
});

export const decisionView = z
  .object({
    effect: z.enum(['allow', 'deny']),
    policyVersion: text,
    directoryVersion: text,
    durationMs: z.number(),
    defaultDurationMs: z.number(),
    maxDurationMs: z.number(),
    extensions: z.number(),
    submittedAt: time,
    requirements: requirementsView,
    steps: list(
      z.object({
        id: text,
        rule: text,
        count: z.number(),
        from: list(text),
        eligible: list(text),
        escalatesAfterMs: z.number().nullable(),
        escalatesTo: list(text),
      }),
    ),
    reasons: list(reasonView),
    refusals: list(refusalView),
    alarms: list(reasonView),
  })
  .meta({ id: 'Decision' });

const alreadyView = z
  .object({
    role: text,
    target: text,
    status: z.enum(['asked', 'scheduled', 'activating', 'active']),
    request: text,
    grant: text.nullable(),
    since: time.meta({ description: 'When it was asked for, or begins or began.' }),
    endsAt: time.nullable(),
    waitsFor: z
      .object({ missing: z.number(), ...deciders })
      .nullable()
      .meta({ description: 'Whose yes it still takes in its first open step, where it is asked for.' }),
  })
  .meta({ id: 'Already' });

export const previewView = z
  .object({
    effect: z.enum(['allow', 'deny']),
    policyVersion: text,
    duration: text,
    durationMs: z.number(),
    maxDurationMs: z.number(),
    requirements: requirementsView,
    steps: list(z.object({ id: text, rule: text, from: list(text), count: z.number(), ...deciders })),
    reasons: list(reasonView),
    refusals: list(refusalView),
    stale,
    residual: list(z.object({ role: text, target: text, ...residual.shape })),
    needsSignature: z.boolean(),
    unsignable: list(z.object({ step: text, without: list(personView) })).meta({
      description: 'Steps that too few could sign now, with those who have no passkey yet.',
    }),
    plan: list(text),
    already: list(alreadyView).meta({ description: 'What you have of it, or wait for. You can ask all the same.' }),
  })
  .meta({ id: 'Preview' });

export const extensionPreviewView = previewView
  .extend({
    until: time.meta({ description: 'The end that it would come to.' }),
    latestEnd: time.nullable().meta({ description: 'The latest end that the rules allow; null: they allow none now.' }),
    extensionsLeft: z.number().meta({ description: 'How often its end may still be moved, this time included.' }),
  })
  .meta({ id: 'ExtensionPreview' });

export const explanationView = z
  .object({
    request: requestView,
    decision: decisionView,
    now: decisionView,
    stale,
    timeline: list(
      z.object({
        at: time,
        kind: text,
        actor: text,
        text,
      }),
    ),
    calls: list(
      z.object({
        role: text,
        target: text,
        grant: text.nullable(),
        atStart: text.nullable().meta({
          description:
            'What makes the access, or moves its end to later: before its clock starts as it would be told now. null: nobody can say.',
        }),
        atEnd: text.nullable().meta({
          description: 'What takes it away; null: it is over, only its end is moved, or nobody can say.',
        }),
        called: list(
          z.object({
            at: time,
            kind: text,
            text,
            cloud: z.record(z.string(), z.unknown()).meta({
              description:
                'What the log keeps of the cloud at this: fingerprints of what was handed out, the proof and its evidence.',
            }),
          }),
        ),
      }),
    ).meta({ description: 'Calls to clouds: what is planned, and what the log says was called.' }),
  })
  .meta({ id: 'Explanation' });

export const catalogueItemView = z
  .object({
    role: text,
    target: text,
    provider: text,
    tier,
    description: text,
    categories: list(text),
    owner: text,
    labels: z.record(z.string(), z.string()).readonly(),
    requestable: z.boolean(),
    path: z.enum(['automatic', 'approval', 'refused', 'later']),
    why: text,
    defaultDurationMs: z.number(),
    maxDurationMs: z.number(),
  })
  .meta({ id: 'CatalogueItem' });

export const problemView = z
  .object({
    type: z.url(),
    title: text,
    status: z.number(),
    code: text,
    detail: text,
    hint: text.optional(),
    errors: list(z.object({ path: text, message: text })).optional(),
    refusals: list(refusalView).optional(),
    requestId: text,
  })
  .meta({ id: 'Problem' });

/** A page of things: pass `nextCursor` as `cursor` for the next one; `null` ends. */
export function pageOf<Schema extends z.ZodType>(schema: Schema) {
  return z.object({ items: list(schema), nextCursor: text.nullable() });
}

export const pageQuery = {
  cursor: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(200).default(50),
};

export const idParams = z.object({ id: z.string().max(100) });

/** Compiles only while every field that operations make is in the schema, and none is missing. */
export type Covers<Schema extends z.ZodType, View> = keyof z.output<Schema> extends keyof View
  ? keyof View extends keyof z.output<Schema>
    ? true
    : { readonly missingInSchema: Exclude<keyof View, keyof z.output<Schema>> }
  : { readonly missingInView: Exclude<keyof z.output<Schema>, keyof View> };

export const SCHEMAS_COVER_VIEWS: readonly [
  Covers<typeof grantView, GrantView>,
  Covers<typeof requestView, RequestView>,
  Covers<typeof extensionView, ExtensionView>,
  Covers<typeof stepView, StepView>,
  Covers<typeof personDecisionView, DecisionView>,
  Covers<typeof decisionView, Decision>,
  Covers<typeof refusalView, Refusal>,
  Covers<typeof catalogueItemView, CatalogueItem>,
  Covers<typeof alreadyView, AlreadyView>,
] = [true, true, true, true, true, true, true, true, true];
