import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;

beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const failure = (stderr: string) => JSON.parse(stderr) as { error: Record<string, unknown>; apiVersion: string };

describe('a mistake in the command line', () => {
  test.each([
    ['an argument that is missing', ['request', '--json'], "Missing required argument 'role'", 'request --help'],
    ['an option that does not exist', ['ls', '--nonsense', '--json'], "Unknown option '--nonsense'", 'ls --help'],
    [
      'a command that does not exist',
      ['--json', 'requst'],
      "Unknown command 'requst'. Did you mean request?",
      '--help',
    ],
    ['a subcommand that does not exist', ['creds', 'gpc', '--json'], "Unknown command 'gpc'", 'creds --help'],
    ['a value that is missing', ['--json', '--profile'], "Option '--profile <name>' argument missing", '--help'],
    ['a choice that is none', ['completion', 'csh', '--json'], "Command-argument value 'csh'", 'completion --help'],
    ['an option that is needed', ['creds', 'aws', '--json'], "Required option '--role <role>'", 'creds aws --help'],
  ])('%s is one JSON object with --json, and points to the right page of help', async (_, args, message, page) => {
    const { code, stdout, stderr } = await home.run(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    const { error, apiVersion } = failure(stderr);
    expect(apiVersion).toBe('curfew.dev/v1');
    expect(error).toMatchObject({ code: 'usage', exit: 2, hint: `/opt/curfew/bin/curfew ${page}`, refusals: [] });
    expect(error['message']).toContain(message);
    const plain = await home.run(args.filter((word) => word !== '--json'));
    expect(plain.stderr.split('\n')[1]).toBe(`-> /opt/curfew/bin/curfew ${page}`);
  });

  test.each([[['foo', '--help']], [['help', 'foo']], [['creds', 'foo', '-h']]])(
    'help for a command that does not exist, %j, is a mistake',
    async (args) => {
      const { code, stdout, stderr } = await home.run(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain("Unknown command 'foo'");
    },
  );

  test.each(['creds', 'audit', 'policy'])('a bare %s shows its commands', async (group) => {
    const { code, stdout, stderr } = await home.run([group]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe((await home.run([group, '--help'])).stdout);
    expect(stdout).toMatch(/\nCommands\n {2}\w+/);
  });

  test('a sentence without quotes is recognized, whether the words became roles or arguments too many', async () => {
    const ask = ['request', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check', 'the', 'export'];
    const asked = await home.run([...ask, '--for', '15m']);
    expect(asked.code).toBe(1);
    expect(asked.stderr).toContain('-> Put the sentence into quotes: --reason "Check the export"\n');
    const denied = await home.run(['deny', `req_${'a'.repeat(20)}`, '--comment', 'Use', 'staging']);
    expect(denied.code).toBe(2);
    expect(denied.stderr).toContain('-> Put the sentence into quotes: --comment "Use staging"\n');
    const several = await home.run(['request', 'invoice-raeder', '--on', 'aws/prod', '--reason', 'Check the export']);
    expect(several.stderr).toContain('Did you mean invoice-reader?');
  });
});

test('a duration with a space in it is recognized', async () => {
  const asked = ['request', 'invoice-reader', '--on', 'aws/prod', '--reason', 'Check the export', '--for', '1h', '30m'];
  expect((await home.run(asked)).stderr).toContain('-> Write the duration without spaces: --for 1h30m\n');
});

test('what assume and console suggest holds what was typed, and can be done', async () => {
  const assume = await home.run(['assume', 'log-reader', '--on', 'aws/prod', '--']);
  expect(assume.stderr).toContain('assume log-reader --on aws/prod -- aws s3 ls');
  const console = await home.run(['console', 'log-reader', '--on', 'aws/prod']);
  expect(console).toMatchObject({ code: 3 });
  expect(console.stderr).toContain("request log-reader --on aws/prod --reason 'why you need it' --wait");
});

test('what login suggests does not repeat the server, which the profile remembers', async () => {
  const { stderr } = await home.run(['--server', server.url, 'login', '--as', 'ana']);
  expect(stderr).toBe('-> /opt/curfew/bin/curfew search invoice\n');
});

test('login with --no-input waits for nobody', async () => {
  for (const device of [[], ['--device']]) {
    const outcome = await home.run(['login', '--no-input', ...device]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain('Signing in needs a person');
  }
});

describe('a refusal', () => {
  test('is said once, with its rule', async () => {
    const one = await home.run(['request', 'admin', '--on', 'aws/prod', '--reason', 'I want it all']);
    expect(one.stderr).toBe('curfew: Nobody gets admin this way. (guardrail:no-admin)\n');
    const two = await home.run(['request', 'admin', '--on', 'aws/prod', '--for', '300m', '--reason', 'I want it all']);
    expect(two.stderr.split('\n').slice(0, 2)).toEqual([
      'curfew: Nobody gets admin this way. (guardrail:no-admin)',
      '  - At most 2h. (policy:invoices)',
    ]);
  });

  test('that no rule gave names none', async () => {
    const { stderr } = await home.run(['request', 'nobody', '--on', 'aws/prod', '--reason', 'Check the export']);
    expect(stderr).toBe('curfew: There is no role nobody.\n-> Did you mean invoice-reader?\n');
  });

  test('the id that finds a fault in the log of the server is shown for a fault alone', async () => {
    const answer = { code: 'internal', detail: 'It did not work.', requestId: 'r-7' };
    server.state.override = { match: 'GET /v1/me', status: 500, body: { status: 500, ...answer }, once: true };
    expect((await home.run(['whoami'])).stderr).toContain('request r-7');
    server.state.override = {
      match: 'GET /v1/me',
      status: 422,
      body: { status: 422, ...answer, code: 'invalid-input' },
      once: true,
    };
    expect((await home.run(['whoami'])).stderr).not.toContain('r-7');
  });
});

describe('access that is not held, with --json', () => {
  test('creds aws prints the JSON error, with a command that holds only what was typed', async () => {
    const { code, stdout, stderr } = await home.run([
      ...['creds', 'aws', '--role', 'log-reader', '--on', 'aws/prod', '--json'],
    ]);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(failure(stderr).error).toMatchObject({
      code: 'no-grant',
      hint: "/opt/curfew/bin/curfew request log-reader --on aws/prod --reason 'why you need it' --wait",
    });
  });

  test('assume prints nothing but the JSON error, also when it asked and waited first', async () => {
    const assume = ['assume', 'invoice-reader', '--on', 'aws/prod', '--json'];
    const none = await home.run([...assume, '--', 'true']);
    expect(none.code).toBe(3);
    expect(failure(none.stderr).error).toMatchObject({ code: 'no-grant', exit: 3 });
    const waited = await home.run([...assume, '--reason', 'Check the export', '--timeout', '1s', '--', 'true']);
    expect(waited.code).toBe(4);
    expect(failure(waited.stderr).error).toMatchObject({ code: 'pending', exit: 4 });
  });
});
