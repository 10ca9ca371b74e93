import { liveGrants } from '../access.ts';
import { wantedItem } from '../arguments.ts';
import { choose } from '../ask.ts';
import type { Context } from '../context.ts';
import { dropCached } from '../creds/cache.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure, usage } from '../failure.ts';
import { rememberLive } from '../live-state.ts';
import { printable } from '../terminal/printable.ts';
import { grantPhrase } from '../terminal/request-screen.ts';
import { plainTable, table } from '../terminal/table.ts';
import { countdown, leftMs } from '../terminal/times.ts';
import { grantView, type GrantView } from '../views.ts';
import type { Fields } from '../wire.ts';
import { grantId, requestId } from './request.ts';

export interface DoneOptions {
  readonly on?: readonly string[];
  readonly all?: boolean;
}

/** How long the proof is waited for on the screen; the server goes on whatever we do. */
const PROOF_PATIENCE_MS = 1_000;

/** Gives access back before its time. */
export async function done(context: Context, word: string | undefined, options: DoneOptions): Promise<ExitCode> {
  const ids = await chosen(context, word, options);
  const raws: Fields[] = [];
  let failed: unknown = null;
  for (const id of ids) {
    try {
      raws.push(await givenBack(context, id, word === id));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed ??= error;
    }
    dropCached(context.place, (credentials) => credentials.grant === id);
  }
  // What cannot be given back must not hide what was.
  if (failed === null || raws.length > 0) showEnded(context, raws, 'You have no live access to give back.');
  if (failed instanceof Failure) throw failed;
  return EXIT.ok;
}

/** Gives one grant back. That it was over before is what was wanted, unless just this one was named. */
async function givenBack(context: Context, id: string, named: boolean): Promise<Fields> {
  try {
    const raw = await context.api.post(`/grants/${id}/return`, {});
    return context.json ? raw : await withProof(context, raw);
  } catch (error) {
    if (named || !(error instanceof Failure) || error.code !== 'grant-ended') throw error;
    return context.api.get(`/grants/${id}`);
  }
}

/** Takes somebody's access away. 9 where the grant is over and the access is not: what was there before Curfew, or what another grant keeps. */
export async function revoke(context: Context, id: string, reason: string): Promise<ExitCode> {
  const first = await context.api.post(`/grants/${grantId(id)}/revoke`, { reason });
  const raw = context.json ? first : await withProof(context, first);
  const exit = showEnded(context, [raw], '');
  const { proof } = grantView(raw);
  if (proof === null || proof.gone) return exit;
  if (!context.json)
    context.say(`ACCESS REMAINS: ${printable(proof.brief)}. Curfew does not take that away: look at who else gave it.`);
  return EXIT.alarm;
}

async function chosen(context: Context, word: string | undefined, options: DoneOptions): Promise<readonly string[]> {
  if (word?.startsWith('grt_')) return [grantId(word)];
  const meant = meaning(word, options.on ?? []);
  const mine = (await liveGrants(context.api, null)).filter(meant.fits);
  if (mine.length === 0 && meant.words !== null) {
    throw new Failure(`You do not hold ${meant.words}.`, {
      exit: EXIT.denied,
      code: 'no-grant',
      hint: context.command('ls'),
    });
  }
  if (mine.length <= 1 || options.all) return mine.map((grant) => grant.id);
  const label = (grant: GrantView) => `${printable(grant.role)} on ${printable(grant.target)}, ${timeLeft(grant)}`;
  if (!context.interactive) {
    const listed = mine.map((grant) => `${grant.id}: ${label(grant)}`).join('; ');
    throw usage(
      `You hold ${mine.length} grants of ${meant.words ?? 'access'}. ${listed}.`,
      `Name one (${context.command('done', mine[0]?.id ?? '')}), or give back all: ${context.command('done', ...given(word, options), '--all')}`,
    );
  }
  const picked = await choose(context, 'Which one is done?', mine, (grant) => `${label(grant)}  ${grant.id}`);
  if (picked === null) throw usage('That is none of them.');
  return [picked.id];
}

/** Which grants are meant, and how to name them in a sentence; `null` when all of them are. */
interface Meaning {
  readonly words: string | null;
  fits(grant: GrantView): boolean;
}

function meaning(word: string | undefined, on: readonly string[]): Meaning {
  if (word?.startsWith('req_')) {
    const request = requestId(word);
    return { words: `anything of ${request}`, fits: (grant) => grant.request === request };
  }
  if (word !== undefined && (word.includes('@') || on.length > 0)) {
    const { role, target } = wantedItem(word, on);
    return { words: `${role} on ${target}`, fits: (grant) => grant.role === role && grant.target === target };
  }
  if (word !== undefined) return { words: word, fits: (grant) => grant.role === word };
  if (on.length === 0) return { words: null, fits: () => true };
  return { words: `anything on ${on.join(' or ')}`, fits: (grant) => on.includes(grant.target) };
}

function timeLeft(grant: GrantView): string {
  return grant.status === 'active' && grant.endsAt !== null
    ? `${countdown(leftMs(grant.endsAt, grant.serverTime))} left`
    : grant.status;
}

function given(word: string | undefined, { on = [] }: DoneOptions): readonly string[] {
  return [...(word === undefined ? [] : [word]), ...on.flatMap((target) => ['--on', target])];
}

/** Looks again for a moment, because the access is often proven gone within a second. */
async function withProof(context: Context, raw: Fields): Promise<Fields> {
  const until = context.place.clock.now() + PROOF_PATIENCE_MS;
  let last = raw;
  while (grantView(last).status === 'ending' && context.place.clock.now() < until) {
    await context.place.clock.sleep(250);
    last = await context.api.get(`/grants/${grantView(raw).id}`);
  }
  return last;
}

function showEnded(context: Context, raws: readonly Fields[], none: string): ExitCode {
  const grants = raws.map(grantView);
  rememberLive(context, grants);
  if (context.json) context.dataJson({ items: raws });
  else if (context.plain)
    context.data(
      plainTable(
        ['id', 'status', 'role', 'target'],
        grants.map((grant) => [grant.id, grant.status, grant.role, grant.target]),
      ),
    );
  else if (grants.length === 0) context.say(none);
  else {
    const { out, place } = context;
    context.data(
      table(
        out,
        null,
        grants.map((grant) => [
          `${out.bold(printable(grant.role))} on ${out.bold(printable(grant.target))}`,
          grantPhrase(out, grant, place.clock.now()),
          out.dim(grant.id),
        ]),
      ),
    );
    const open = grants.find((grant) => grant.status === 'ending');
    if (open === undefined) return EXIT.ok;
    context.say(
      'It is being taken away now. Whether it is gone is looked up in the cloud; the proof will show in "ls".',
    );
    if (open.residual !== null) context.say(context.err.dim(printable(open.residual)));
  }
  return EXIT.ok;
}
