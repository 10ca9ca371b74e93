import { execFile } from 'node:child_process';
import type { Context } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { Failure } from './failure.ts';
import { printable } from './terminal/printable.ts';
import type { GrantView } from './views.ts';

type Azure = NonNullable<NonNullable<GrantView['landing']>['azure']>;

/** Azure documents up to ten minutes until a change of a role assignment is obeyed. */
const LONGEST_MS = 600_000;
/** Each look starts a process that takes a second itself. */
const AGAIN_MS = 2_000;
const LOOK_MS = 60_000;

/** What a role allows, as Azure writes it in definitions and in answers to whoever asks for their own permissions. */
const LISTS = ['actions', 'notActions', 'dataActions', 'notDataActions'] as const;

/**
 * Waits until Azure obeys a role assignment that is the caller's own: asked with their own `az`, as the person that it is signed in as, for the
 * permissions that they have there. Says so when it takes a while, and how long it took. Without `az` nobody here can see it, which is said.
 * Throws a `Failure` when it did not come in time (`timeoutMs`; `null`: the longest that Azure documents), or where `az` cannot ask.
 */
export async function untilUsableOnAzure(context: Context, azure: Azure, timeoutMs: number | null): Promise<void> {
  const { clock } = context.place;
  const beganAt = clock.now();
  const definition = `/providers/Microsoft.Authorization/roleDefinitions/${azure.roleDefinition}?api-version=2022-04-01`;
  const read = await ask(context, definition);
  if (read.kind === 'no-az') {
    if (!context.json)
      context.say('Whether Azure obeys it already cannot be seen, because there is no az command here.');
    return;
  }
  // Roles of the company's own are read at the scope, which whoever has the role may do as a rule.
  const wanted = read.kind === 'answer' ? permissionsIn(read.body, 'properties') : null;
  const permissions = `${azure.scope}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01`;
  let told = false;
  for (;;) {
    const seen = await ask(context, permissions);
    if (seen.kind === 'sign-in')
      throw new Failure(`az cannot ask Azure: ${seen.text}`, { code: 'az-not-signed-in', hint: 'az login' });
    const has = seen.kind === 'answer' ? permissionsIn(seen.body, null) : [];
    const isThere = wanted === null ? has.length > 0 : wanted.every((one) => has.some((other) => isSame(one, other)));
    const waitedMs = clock.now() - beganAt;
    if (isThere) {
      if (told && !context.json) context.say(`Azure obeys it now, after ${Math.round(waitedMs / 1_000)} s.`);
      return;
    }
    if (waitedMs >= (timeoutMs ?? LONGEST_MS))
      throw new Failure(`Azure does not obey the role assignment at ${printable(azure.scope)} yet.`, {
        exit: EXIT.pending,
        code: 'not-usable-yet',
        hint: 'Is az signed in as the person that the access is for? az account show --query user.name',
      });
    if (!told && !context.json)
      context.say('The access is there; waiting until Azure obeys it, which may take it some minutes…');
    told = true;
    await clock.sleep(AGAIN_MS);
  }
}

type Asked =
  | { readonly kind: 'answer'; readonly body: unknown }
  /** Azure refused, which is what it does to whoever may nothing yet. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'sign-in'; readonly text: string }
  | { readonly kind: 'no-az' };

/** Lets `az` ask Resource Manager, with its own token, which never comes here. */
function ask({ place: { env } }: Context, path: string): Promise<Asked> {
  const args = ['rest', '--method', 'get', '--url', path, '--output', 'json', '--only-show-errors'];
  return new Promise((resolve) => {
    const options = { env: { ...env }, encoding: 'utf8', timeout: LOOK_MS, maxBuffer: 16_777_216 } as const;
    execFile('az', args, options, (error, stdout, stderr) => {
      if (error === null) {
        try {
          return resolve({ kind: 'answer', body: JSON.parse(stdout) });
        } catch {
          return resolve({ kind: 'refused' });
        }
      }
      if (error.code === 'ENOENT' || error.code === 'EACCES') return resolve({ kind: 'no-az' });
      const text = printable(stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '');
      return resolve(/az login|AADSTS|not logged in/i.test(stderr) ? { kind: 'sign-in', text } : { kind: 'refused' });
    });
  });
}

type Permission = Readonly<Record<(typeof LISTS)[number], readonly string[]>>;

function permissionsIn(body: unknown, inner: 'properties' | null): readonly Permission[] {
  const of = inner === null ? fields(body)['value'] : fields(fields(body)[inner])['permissions'];
  return Array.isArray(of) ? of.map(permissionOf) : [];
}

function permissionOf(value: unknown): Permission {
  const of = fields(value);
  const list = (name: string): readonly string[] => {
    const all = of[name];
    return Array.isArray(all) ? all.map(String).sort() : [];
  };
  return Object.fromEntries(LISTS.map((name) => [name, list(name)])) as Record<
    (typeof LISTS)[number],
    readonly string[]
  >;
}

function isSame(one: Permission, other: Permission): boolean {
  return LISTS.every((name) => one[name].join('\n').toLowerCase() === other[name].join('\n').toLowerCase());
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
