import { z } from 'zod';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import type { ApiParts, ApiServer } from '../parts.ts';

const problem = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  hint: z.string().optional(),
});
const policyStatus = z
  .object({
    version: z.string(),
    loadedAt: z.string().meta({ format: 'date-time' }),
    problems: z
      .array(problem)
      .readonly()
      .meta({ description: 'Of newer documents that were refused; the ones in force stay in force.' }),
    warnings: z.array(problem).readonly().meta({
      description: 'What is suspicious in the rules in force, and not wrong: a selector that matches no target.',
    }),
    roles: z.number(),
    policies: z.number(),
    directory: z
      .object({
        sources: z
          .array(
            z.object({
              name: z.string(),
              version: z.string().nullable(),
              takenAt: z.string().meta({ format: 'date-time' }).nullable(),
              stale: z.boolean(),
              problem: z.string().nullable(),
              hint: z.string().nullable(),
            }),
          )
          .readonly(),
        conflicts: z
          .array(
            z.object({
              account: z.string(),
              person: z.string(),
              claimedBy: z.string(),
              since: z.string().meta({ format: 'date-time' }),
            }),
          )
          .readonly()
          .optional()
          .meta({
            description:
              'Accounts that are not clear, by keys of persons. Two claim one: whoever it was proven for goes on signing in by it, unless the ' +
              'directory gives it to another; `claimedBy` is not signed in. `claimedBy` is `person`: the directory gives them another account in ' +
              'place of this one, which was proven; the other signs in nobody. For auditors and admins alone.',
          }),
      })
      .optional()
      .meta({ description: 'Where people come from, and how old that is.' }),
  })
  .meta({ id: 'PolicyStatus' });

/** Which rules are in force, what is suspicious in them, and what is wrong with newer ones. Everybody sees it: a broken rule concerns all. */
export function registerPolicy(v1: ApiServer, { operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/policy',
    schema: { summary: 'The rules in force', tags: ['policy'], response: { 200: policyStatus } },
    handler: async (request, reply) => answer(base.origin, request, reply, operations.showPolicy(actorOf(request))),
  });
}
