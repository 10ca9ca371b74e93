import type { Context } from '../context.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { Failure } from '../failure.ts';
import { NetworkFault } from '../http.ts';
import { peopleFindings } from './policy-status.ts';
import { discover } from '../session/discovery.ts';
import { printable } from '../terminal/printable.ts';
import { statusText } from '../terminal/style.ts';
import { plainRows, table } from '../terminal/table.ts';
import { cliVersion } from '../version.ts';
import { fields, isFields, list, parseJson, text, textOrNull } from '../wire.ts';

interface Finding {
  readonly name: string;
  readonly status: 'ok' | 'skipped' | 'warning' | 'problem';
  readonly text: string;
  readonly hint: string | null;
}

/** The `Date` header counts in whole seconds, so less cannot be told. Beyond it countdowns are wrong; beyond AWS's tolerance signatures fail. */
const CLOCK_NOTICE_MS = 2_000;
const CLOCK_PROBLEM_MS = 60_000;

/** The server asks the clouds for a minute at most. */
const CLOUDS_TIMEOUT_MS = 70_000;

/** Looks at everything between this command and the server, and says what to do about what is wrong. */
export async function doctor(context: Context): Promise<ExitCode> {
  const findings = await examine(context);
  const sick = findings.some((finding) => finding.status === 'problem');
  if (context.json) context.dataJson({ status: sick ? 'problem' : 'ok', checks: findings });
  else if (context.plain) context.data(plainRows(findings.map((one) => [one.name, one.status, one.text])));
  else {
    const { out } = context;
    context.data(
      table(
        out,
        null,
        findings.map((one) => [statusText(out, one.status), one.name, printable(one.text)]),
      ),
    );
    for (const one of findings)
      if (one.hint !== null) context.say(`${context.err.accent('->')} ${one.name}: ${printable(one.hint)}`);
  }
  return sick ? EXIT.error : EXIT.ok;
}

async function examine(context: Context): Promise<readonly Finding[]> {
  const asked = context.place.clock.now();
  const findings: Finding[] = [];
  try {
    const { discovery, answer } = await discover(context.http, context.server);
    findings.push(finding('server', 'ok', `${context.server}${discovery.demo ? ' (demo)' : ''}`));
    findings.push(versions(discovery.version));
    findings.push(clock(context, asked, answer.headers.date));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [finding('server', 'problem', error.message, error.hint)];
  }
  findings.push(await readiness(context));
  const signedIn = await signIn(context);
  findings.push(signedIn);
  if (signedIn.status === 'ok') findings.push(...(await policy(context)), ...(await clouds(context)));
  return findings;
}

function versions(server: string): Finding {
  const own = cliVersion();
  if (own === server) return finding('version', 'ok', own);
  return finding(
    'version',
    'warning',
    `this command is ${own}, the server ${server}`,
    'Use the same version on both sides.',
  );
}

function clock(context: Context, asked: number, date: string | undefined): Finding {
  const server = Date.parse(date ?? '');
  if (Number.isNaN(server)) return finding('clock', 'warning', 'the server does not tell its time');
  const middle = (asked + context.place.clock.now()) / 2;
  // The header was rounded down, by half a second on average.
  const offsetMs = Math.round(middle - (server + 500));
  const words = `${(Math.abs(offsetMs) / 1_000).toFixed(1)} s ${offsetMs < 0 ? 'behind' : 'ahead of'} the server`;
  if (Math.abs(offsetMs) < CLOCK_NOTICE_MS) return finding('clock', 'ok', 'agrees with the server');
  return finding(
    'clock',
    Math.abs(offsetMs) < CLOCK_PROBLEM_MS ? 'warning' : 'problem',
    `this machine is ${words}`,
    'Let a time service (NTP) set the clock: AWS refuses signatures of a clock that is off by minutes.',
  );
}

async function readiness(context: Context): Promise<Finding> {
  try {
    const answer = await context.http.send(`${context.server}/readyz`);
    const of = parseJson(answer.body);
    const checks = isFields(of) && isFields(of['checks']) ? Object.entries(of['checks']) : [];
    const bad = checks.filter(([, state]) => !isGood(state)).map(([name]) => name);
    if (answer.status === 200) return finding('ready', 'ok', checks.map(([name]) => name).join(', ') || 'yes');
    return finding(
      'ready',
      'problem',
      `not ready: ${bad.join(', ') || answer.status}`,
      'An operator has to look at the log of the server.',
    );
  } catch (error) {
    if (error instanceof NetworkFault) return finding('ready', 'problem', error.message);
    throw error;
  }
}

/** A check is a word, a flag or an object with a status. */
function isGood(state: unknown): boolean {
  if (isFields(state)) return isGood(state['status'] ?? state['ok']);
  return state === true || state === 'ok' || state === 'ready';
}

async function signIn(context: Context): Promise<Finding> {
  try {
    const me = await context.api.get('/me');
    return finding(
      'sign-in',
      'ok',
      `${textOrNull(fields(me['person'], 'person'), 'name') ?? 'somebody'}, profile ${context.profile}`,
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return finding('sign-in', 'problem', error.message, error.hint);
  }
}

async function policy(context: Context): Promise<readonly Finding[]> {
  try {
    const of = await context.api.get('/policy');
    const people = peopleFindings(of).map((one) =>
      finding('people', 'problem', `${one.place}: ${one.message}`, one.hint),
    );
    const problems = Array.isArray(of['problems']) ? of['problems'].length : 0;
    const version = `version ${(textOrNull(of, 'version') ?? '').slice(0, 12)}`;
    const refused = `the newest documents were refused (${problems}); the version before stays in force`;
    const rules =
      problems === 0
        ? finding('policy', 'ok', version)
        : finding('policy', 'problem', refused, context.command('policy', 'status'));
    return [rules, ...people];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [finding('policy', 'problem', error.message, error.hint)];
  }
}

/** What the server calls its e-mail among what it looked at; it is said also where it is well, because it may be turned off. */
const MAIL = 'mail';

/** What Curfew misses in the clouds, as far as this person answers for them. */
async function clouds(context: Context): Promise<readonly Finding[]> {
  try {
    const found = list(await context.api.get('/doctor', { timeoutMs: CLOUDS_TIMEOUT_MS, tries: 1 }), 'items', (of) => ({
      target: text(of, 'target'),
      ok: of['ok'] === true,
      message: text(of, 'message'),
      fix: textOrNull(of, 'fix'),
    }));
    const shown = found.filter((one) => !one.ok || one.target === MAIL);
    const findings = shown.map((one) => finding(one.target, one.ok ? 'ok' : 'problem', one.message, one.fix));
    const clouds = found.filter((one) => one.target !== MAIL);
    if (clouds.some((one) => !one.ok)) return findings;
    if (clouds.length === 0)
      return [finding('clouds', 'skipped', 'not looked at: only for those who own a target'), ...findings];
    return [finding('clouds', 'ok', `nothing is missing (${clouds.length} checks)`), ...findings];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [finding('clouds', 'problem', error.message, error.hint)];
  }
}

function finding(name: string, status: Finding['status'], text: string, hint: string | null = null): Finding {
  return { name, status, text, hint };
}
