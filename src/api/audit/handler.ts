import { z } from 'zod';
import { instant } from '../../core/time.ts';
import type { AuditItem, AuditPage } from '../../operations/search-audit.ts';
import { answer } from '../answer.ts';
import { actorOf } from '../authenticate.ts';
import { nameText } from '../name-text.ts';
import type { ApiParts, ApiServer } from '../parts.ts';
import { pathId } from '../path-ids.ts';
import { sendProblem } from '../problems.ts';
import { pageOf, personView, type Covers } from '../views.ts';

const seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const list = <Schema extends z.ZodType>(schema: Schema) => z.array(schema).readonly();

const entries = z
  .object({
    items: list(
      z.object({
        seq: z.number(),
        body: z
          .string()
          .nullable()
          .meta({ description: 'Canonical JSON: hash these bytes. Null: it does not concern you.' }),
        leaf: z
          .string()
          .meta({ description: 'The leaf hash, hexadecimal; the tree is recomputed from it where there is no body.' }),
      }),
    ),
    nextFrom: z.number(),
  })
  .meta({ id: 'LedgerEntries' });
const checkpoints = z.object({
  items: list(z.object({ size: z.number(), note: z.string() })),
  nextFrom: z.number().nullable(),
});
const proof = z
  .object({ seq: z.number(), size: z.number(), leaf: z.string(), hashes: list(z.string()), checkpoint: z.string() })
  .meta({ id: 'InclusionProof' });
const openings = z
  .object({
    items: list(z.object({ field: z.string(), person: z.string(), salt: z.string(), value: z.string() })),
  })
  .meta({ id: 'PersonalOpenings' });
const rows = z.object({
  items: list(
    z.object({
      kind: z.enum(['request', 'grant']),
      id: z.string(),
      state: z.string(),
      endsAt: z.string().nullable().meta({ description: 'When the access of a grant ends or has ended.' }),
    }),
  ),
  nextAfter: z.string().nullable(),
});

const time = z.string().meta({ format: 'date-time' });
const auditItem = z
  .object({
    seq: z.number(),
    kind: z.string(),
    at: time,
    actor: z.object({ key: z.string().nullable(), name: z.string() }),
    subjects: z.object({
      person: personView.nullable(),
      request: z.string().nullable(),
      grant: z.string().nullable(),
    }),
    sentence: z.string(),
    late: z.boolean().meta({ description: 'Recorded after it happened, because the database took no writes.' }),
    covered: z.boolean().meta({ description: 'Whether the newest checkpoint covers it.' }),
  })
  .meta({ id: 'AuditItem' });
const auditPage = pageOf(auditItem).extend({
  signedTo: z.number().nullable().meta({
    description: 'The last entry that the newest checkpoint covers; null: none. It is not verified by saying so.',
  }),
});
const moment = z.iso.datetime({ offset: true }).transform((text) => instant(Date.parse(text)));

export const SCHEMAS_COVER_AUDIT: readonly [Covers<typeof auditItem, AuditItem>, Covers<typeof auditPage, AuditPage>] =
  [true, true];

/** The log, for whoever wants to verify it. Reading it is logged too. */
export function registerAudit(v1: ApiServer, { ledger, operations, base }: ApiParts): void {
  v1.route({
    method: 'GET',
    url: '/audit/search',
    schema: {
      summary: 'Search the log, newest first',
      description:
        'Auditors and admins find everything; others what they did, what is about them, and what is about requests that they decide. ' +
        'Searches are entries themselves, the same one once an hour, and are found by `kind=ledger.read` alone.',
      tags: ['audit'],
      querystring: z.strictObject({
        q: z.string().max(200).optional().meta({
          description:
            'Words of roles and targets (with all that is about requests for them), of kinds, and names of people; ids of requests, grants, people and orders; numbers of entries as #43. All must hold.',
        }),
        kind: z.string().max(60).optional().meta({ description: 'grant.ended, or grant for all of its kinds.' }),
        person: nameText(0).optional().meta({ description: 'Key of who did it, or whom it is about.' }),
        request: z.string().max(100).optional(),
        grant: z.string().max(100).optional(),
        from: moment.optional(),
        to: moment.optional().meta({ description: 'Not included.' }),
        cursor: seq.optional(),
        limit: z.coerce.number().int().min(1).max(200).default(50),
      }),
      response: { 200: auditPage },
    },
    handler: async (request, reply) => {
      const { q, kind, person, request: about, grant, from, to, cursor, limit } = request.query;
      const found = await operations.searchAudit(actorOf(request), {
        limit,
        cursor: cursor ?? null,
        ...(q === undefined ? {} : { q }),
        ...(kind === undefined ? {} : { kind }),
        ...(person === undefined ? {} : { person }),
        ...(about === undefined ? {} : { request: pathId('req', about) }),
        ...(grant === undefined ? {} : { grant: pathId('grt', grant) }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      });
      return answer(base.origin, request, reply, found);
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/entries',
    schema: {
      summary: 'Entries of the log',
      description:
        'In full what concerns the caller and what everybody may know; number and leaf hash of the others, from which the log verifies as well. Auditors and admins read all of it.',
      tags: ['audit'],
      querystring: z.strictObject({
        from: seq.default(0),
        limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
      }),
      response: { 200: entries },
    },
    handler: async (request, reply) => {
      const { from, limit } = request.query;
      const read = await ledger.entries(actorOf(request), from, limit);
      if (!read.ok) return answer(base.origin, request, reply, read);
      const items = read.value;
      const last = items.at(-1);
      return reply
        .header('cache-control', 'no-store')
        .send({ items, nextFrom: last === undefined ? from : last.seq + 1 });
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/checkpoints',
    schema: {
      summary: 'Signed checkpoints',
      tags: ['audit'],
      querystring: z.strictObject({
        from: seq.default(0),
        limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
      }),
      response: { 200: checkpoints },
    },
    handler: async (request, reply) => {
      const { from, limit } = request.query;
      const read = await ledger.checkpoints(actorOf(request), from, limit);
      if (!read.ok) return answer(base.origin, request, reply, read);
      const items = read.value;
      const last = items.at(-1);
      const nextFrom = last === undefined || items.length < limit ? null : last.size + 1;
      return reply.header('cache-control', 'no-store').send({ items, nextFrom });
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/checkpoint',
    schema: { summary: 'The newest signed checkpoint, as a note', tags: ['audit'], produces: ['text/plain'] },
    handler: async (request, reply) => {
      const read = await ledger.latestCheckpoint(actorOf(request));
      if (!read.ok) return answer(base.origin, request, reply, read);
      const note = read.value;
      if (note === null)
        return sendProblem(base.origin, request, reply, {
          code: 'not-found',
          detail: 'The log has no checkpoint yet.',
        });
      return reply.header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(note);
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/proof/:seq',
    schema: {
      summary: 'Proof that an entry is in the log',
      tags: ['audit'],
      params: z.object({ seq }),
      response: { 200: proof },
    },
    handler: async (request, reply) => {
      const read = await ledger.proof(actorOf(request), request.params.seq);
      if (!read.ok) return answer(base.origin, request, reply, read);
      if (read.value !== null) return reply.send(read.value);
      return sendProblem(base.origin, request, reply, {
        code: 'not-found',
        detail: 'No checkpoint covers this entry yet.',
      });
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/personal/:seq',
    schema: {
      summary: 'Personal values of an entry, with the salts of its commitments',
      tags: ['audit'],
      params: z.object({ seq }),
      response: { 200: openings },
    },
    handler: async (request, reply) => {
      const read = await ledger.personal(actorOf(request), request.params.seq);
      if (!read.ok) return answer(base.origin, request, reply, read);
      if (read.value !== null) return reply.header('cache-control', 'no-store').send({ items: read.value });
      return sendProblem(base.origin, request, reply, {
        code: 'not-found',
        detail: 'This entry has no personal values, or you may not see them.',
      });
    },
  });
  v1.route({
    method: 'GET',
    url: '/audit/reconciliation',
    schema: {
      summary: 'States and ends that the log must explain',
      description: 'Of what the caller may read in the log. A page may be shorter than `limit` before the last one.',
      tags: ['audit'],
      querystring: z.strictObject({
        after: z.string().max(100).optional(),
        limit: z.coerce.number().int().min(1).max(1_000).default(1_000),
      }),
      response: { 200: rows },
    },
    handler: async (request, reply) => {
      const { after, limit } = request.query;
      const read = await ledger.reconciliation(actorOf(request), after ?? null, limit);
      if (!read.ok) return answer(base.origin, request, reply, read);
      const { rows: items, nextAfter } = read.value;
      return reply.header('cache-control', 'no-store').send({ items, nextAfter });
    },
  });
}
