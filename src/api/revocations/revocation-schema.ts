import { z } from 'zod';
import { GRANT_STATES } from '../../core/grant.ts';
import { REACHES, REVOCATION_STATUSES } from '../../core/revocation.ts';
import type { Confirmers } from '../../operations/order-confirmers.ts';
import type { LeftView, RevocationView } from '../../operations/revocation-view.ts';
import { personView, type Covers } from '../views.ts';

const time = z.string().meta({ format: 'date-time' });
const count = z.number();

const leftView = z.object({
  grant: z.string(),
  status: z.enum(GRANT_STATES),
  person: personView,
  role: z.string(),
  target: z.string(),
  lastFault: z.string().nullable(),
  attempts: count,
});

const confirmers = z.object({ people: z.array(personView).readonly(), more: count });

/** An order of the kill switch, as the API answers with it. */
export const revocationView = z
  .object({
    id: z.string(),
    status: z.enum(REVOCATION_STATUSES),
    scope: z.object({
      kind: z.enum(['person', 'target', 'all']),
      person: personView.nullable(),
      target: z.string().nullable(),
    }),
    reason: z.string(),
    reach: z.enum(REACHES).meta({ description: 'none: nothing yet; own: what who gave it may end; all: confirmed.' }),
    orderedBy: personView,
    orderedAt: time,
    asksUntil: time.nullable().meta({ description: 'Until when a second person can confirm; null: nobody can.' }),
    mayConfirm: z.boolean(),
    confirmers: confirmers.nullable().meta({
      description:
        'Who can confirm it, while somebody can: the first twenty by name, and how many more. null: not for you to know.',
    }),
    confirmedBy: personView.nullable(),
    confirmedAt: time.nullable(),
    stopsNew: z.boolean().meta({ description: 'Whether it keeps new access from starting.' }),
    startedAt: time.nullable(),
    finishedAt: time.nullable().meta({ description: 'When the last of its grants was proven gone.' }),
    toZeroMs: count.nullable(),
    counts: z.object({
      live: count.meta({ description: 'In its scope and not told to end: beyond its reach, or not yet.' }),
      ending: count,
      gone: count.meta({ description: 'Proven gone.' }),
    }),
    survives: z
      .object({
        sessions: count.meta({ description: 'Grants whose sessions from before their end could not be cut.' }),
        until: time.nullable().meta({ description: 'When the last of those sessions is over, at the latest.' }),
        standing: count.meta({ description: 'Grants on access that somebody had before Curfew, which stays.' }),
      })
      .meta({ description: 'What goes on although it is proven gone.' }),
    requestsWithdrawn: count,
    left: z.array(leftView).readonly().meta({ description: 'The first twenty that are not gone.' }),
    liftedBy: personView.nullable(),
    liftedAt: time.nullable(),
    serverTime: time,
  })
  .meta({ id: 'Revocation' });

export const SCHEMAS_COVER_REVOCATIONS: readonly [
  Covers<typeof revocationView, RevocationView>,
  Covers<typeof leftView, LeftView>,
  Covers<typeof confirmers, Confirmers>,
] = [true, true, true];
