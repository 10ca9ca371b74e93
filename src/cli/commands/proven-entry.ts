import { leafHash, rootFromInclusion, same } from '../../ledger/merkle.ts';
import { openCheckpoint } from '../../ledger/note.ts';
import type { Context } from '../context.ts';
import { Failure, usage } from '../failure.ts';
import { discover } from '../session/discovery.ts';
import { printable } from '../terminal/printable.ts';
import { list, text, textOrNull, texts } from '../wire.ts';
import { trustedLog } from './audit-verify.ts';

/** Reads the number of an entry; `#43` is how the portal writes it. */
export function entryArgument(word: string): number {
  const digits = word.startsWith('#') ? word.slice(1) : word;
  if (!/^\d{1,15}$/.test(digits)) throw usage(`"${printable(word.slice(0, 40))}" is not the number of an entry.`);
  return Number(digits);
}

/** An entry as the server gives it, and whether it stands at its place under a checkpoint that the log's key has signed. */
export async function provenEntry(
  context: Context,
  seq: number,
): Promise<{ readonly body: string; readonly isInLog: boolean }> {
  const { api, http, server } = context;
  const { discovery } = await discover(http, server);
  if (discovery.ledger === null)
    throw new Failure('This server does not say which key signs its log.', { code: 'no-ledger' });
  const { vkey } = discovery.ledger;
  trustedLog(context, vkey, discovery.demo);
  const [body] = list(await api.get(`/audit/entries?from=${seq}&limit=1`), 'items', (of) => textOrNull(of, 'body'));
  if (body === undefined)
    throw new Failure(`There is no entry ${seq}: the log has not come that far.`, { code: 'not-found' });
  if (body === null)
    throw new Failure(`Entry ${seq} does not concern you: the log shows you its hash alone.`, {
      code: 'not-found',
      hint: `Auditors read all of it. Whether the log holds: ${context.command('audit', 'verify')}`,
    });
  return { body, isInLog: isProven(body, seq, await api.get(`/audit/proof/${seq}`), vkey) };
}

function isProven(body: string, seq: number, proof: Readonly<Record<string, unknown>>, vkey: string): boolean {
  const checkpoint = openCheckpoint(text(proof, 'checkpoint'), vkey);
  if (checkpoint === null) return false;
  const path = texts(proof, 'hashes').map((hash) => Buffer.from(hash, 'base64'));
  const root = rootFromInclusion(leafHash(body), seq, checkpoint.size, path);
  return root !== null && same(root, checkpoint.root);
}
