import { makeHome, type Home } from '../e2e/cli-harness.ts';
import { until } from '../e2e/demo-process.ts';

/** Ids of what {@link furnish} made. */
export interface Things {
  /** Active: Ana reads invoices, Bo agreed. */
  readonly approved: string;
  /** Waits for Bo. */
  readonly pending: string;
  readonly denied: string;
  /** Given back, and proven gone. */
  readonly over: string;
  /** An order of the kill switch: it ended what Cem held. */
  readonly ofCem: string;
  /** One over everything, which waits for a second person. */
  readonly everybody: string;
}

/** Makes a demo look lived in: somebody holds something, somebody waits, something is over. */
export async function furnish(server: string): Promise<Things> {
  const home = makeHome(server);
  try {
    for (const person of ['ana', 'bo', 'cem', 'eli', 'finn'])
      await must(home, ['--profile', person, 'login', '--as', person]);
    const approved = await ask(
      home,
      'invoice-reader',
      'aws/prod',
      '45m',
      'Check the October export before finance closes',
    );
    await must(home, ['--profile', 'bo', 'approve', approved]);
    await ask(home, 'build-log-reader', 'aws/staging', '20m', 'Follow the failing nightly build');
    const over = await ask(home, 'build-log-reader', 'aws/staging', '1h', 'Compare with last week');
    await until(
      async () => (await must(home, ['--profile', 'ana', 'ls', '--json'])).stdout,
      (text) =>
        (JSON.parse(text) as { grants: { status: string }[] }).grants.filter((one) => one.status === 'active')
          .length === 3,
      20_000,
    );
    const shown = JSON.parse((await must(home, ['--profile', 'ana', 'why', over, '--json'])).stdout) as {
      request: { grants: { id: string }[] };
    };
    await must(home, ['--profile', 'ana', 'done', shown.request.grants[0]?.id ?? '']);
    const denied = await ask(home, 'invoice-reader', 'aws/prod', '30m', 'Try the new report on real data');
    await must(home, ['--profile', 'bo', 'deny', denied, '--comment', 'Use the copy in staging, please']);
    const pending = await ask(home, 'export-checker', 'aws/prod', '30m', 'The nightly export wrote no rows');
    await ask(home, 'build-log-reader', 'aws/staging', '30m', 'Look at one build', 'cem');
    const ofCem = await order(home, 'eli', ['--person', 'cem'], 'The laptop was stolen on a train');
    const everybody = await order(home, 'finn', ['--all'], 'Our identity provider may have been broken into');
    await must(home, [
      '--profile',
      'eli',
      'admin',
      'appoint',
      'ivo',
      '--as',
      'admin',
      '--reason',
      'Two of us are on leave',
    ]);
    return { approved, pending, denied, over, ofCem, everybody };
  } finally {
    home.remove();
  }
}

async function ask(
  home: Home,
  role: string,
  target: string,
  duration: string,
  reason: string,
  person = 'ana',
): Promise<string> {
  const args = ['--profile', person, 'request', role, '--on', target, '--for', duration, '--reason', reason, '--json'];
  return (JSON.parse((await must(home, args)).stdout) as { id: string }).id;
}

async function order(home: Home, person: string, what: readonly string[], reason: string): Promise<string> {
  const args = ['--profile', person, 'revoke', ...what, '--reason', reason, '--no-wait'];
  return (await must(home, args)).stdout.trim();
}

async function must(home: Home, args: readonly string[]): Promise<{ stdout: string }> {
  const outcome = await home.run(args);
  if (outcome.code !== 0) throw new Error(`curfew ${args.join(' ')}: ${outcome.stderr}${outcome.stdout}`);
  return outcome;
}
