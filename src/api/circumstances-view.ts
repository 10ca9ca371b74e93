import { z } from 'zod';
import { GRANT_STATES } from '../core/grant.ts';
import { DANGEROUS_ABILITIES, TIERS } from '../core/role.ts';
import type { Circumstances } from '../operations/show-circumstances.ts';
import { itemView, type Covers } from './views.ts';

const time = z.string().meta({ format: 'date-time' });
const list = <Schema extends z.ZodType>(schema: Schema) => z.array(schema).readonly();
const tier = z.literal(TIERS);
const text = z.string();

/** What surrounds a request, for whoever decides it. */
export const circumstancesView = z
  .object({
    requester: z.object({
      employment: z.enum(['employee', 'contractor']).nullable(),
      team: text.nullable(),
      onCall: list(text).meta({ description: 'Rotations in which they are on call now.' }),
    }),
    holds: list(
      z.object({
        grant: text,
        ...itemView.shape,
        tier,
        status: z.enum(GRANT_STATES),
        endsAt: time.nullable(),
      }),
    ).meta({ description: 'What they hold now on the targets asked for, or on what these belong to.' }),
    holdsElsewhere: z.number().meta({ description: 'How much more of theirs is live on other targets.' }),
    items: list(
      z.object({
        ...itemView.shape,
        othersHold: z.number().meta({ description: 'How many others hold the same now.' }),
        below: z.number().meta({ description: 'How many targets lie below its own, which it covers as well.' }),
        abilities: list(z.enum(DANGEROUS_ABILITIES)).meta({
          description: 'What the role declares that outlives a session or leads beyond it.',
        }),
      }),
    ),
  })
  .meta({ id: 'Circumstances' });

export const CIRCUMSTANCES_COVERED: Covers<typeof circumstancesView, Circumstances> = true;
