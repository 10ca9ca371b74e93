import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, until, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;

beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
  await home.run(['--profile', 'bo', 'login', '--as', 'bo']);
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const ASK = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Check the invoice export'];

async function asked(): Promise<string> {
  return (JSON.parse((await home.run([...ASK, '--json'])).stdout) as { id: string }).id;
}

describe('asking', () => {
  test('--json prints the request on one line, its fields at the top', async () => {
    const outcome = await home.run([...ASK, '--json']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toMatch(
      /^\{"id":"req_[a-z2-7]{20}","status":"pending",.*"apiVersion":"curfew\.dev\/v1"\}\n$/,
    );
  });

  test('without --json a card says who can approve and what to do next', async () => {
    const outcome = await home.run(ASK);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain('1 of Bo Lind (bo)');
    expect(outcome.stderr).toMatch(/curfew wait req_[a-z2-7]{20}/);
  });

  test('what one has asked for or holds already is said in one line, and it is asked for all the same', async () => {
    expect((await home.run(ASK)).stderr).not.toContain('already');
    const id = [...server.state.requests.keys()].at(-1) ?? '';
    const again = await home.run(ASK);
    expect(again.code).toBe(0);
    expect(again.stderr).toContain('You have asked for invoice-reader on aws/prod already: "');
    expect(again.stderr).toContain(` wait ${id}" waits for the decision.\n`);
    expect((await home.run([...ASK, '--json'])).stderr).toBe('');
    expect(server.state.requests.size).toBe(3);

    await home.run(['--profile', 'bo', 'approve', id]);
    await expect.poll(async () => (await home.run(['ls', '--plain'])).stdout).toContain('\tactive\t');
    const grant = [...server.state.grants.keys()][0] ?? '';
    const held = await home.run([...ASK, '--preview']);
    expect(held.stderr).toMatch(/You hold invoice-reader on aws\/prod until [-\d :]+: "/);
    expect(held.stderr).toContain(` extend ${grant}" makes it last longer.`);
    const other = await home.run(['request', 'log-reader', '--on', 'aws/prod', '--reason', 'Look at a log']);
    expect(other.stderr).not.toContain('You hold');
  });

  test('--plain prints the id and the status, tab-separated', async () => {
    expect((await home.run([...ASK, '--plain'])).stdout).toMatch(/^req_\w+\tpending\n$/);
  });

  test('several things are asked for at once, as pairs or with one target for all', async () => {
    await home.run(['request', 'invoice-reader@aws/prod', 'log-reader@aws/dev', '--reason', 'Compare them all']);
    await home.run(['request', 'invoice-reader', 'log-reader', '--on', 'aws/prod', '--reason', 'Compare them all']);
    await home.run([
      'request',
      'invoice-reader',
      'log-reader',
      '--on',
      'aws/prod',
      '--on',
      'aws/dev',
      '--reason',
      'Compare them all',
    ]);
    expect(
      [...server.state.requests.values()].map((one) => one.items.map((item) => `${item.role}@${item.target}`)),
    ).toEqual([
      ['invoice-reader@aws/prod', 'log-reader@aws/dev'],
      ['invoice-reader@aws/prod', 'log-reader@aws/prod'],
      ['invoice-reader@aws/prod', 'log-reader@aws/dev'],
    ]);
  });

  test('an answer that is lost on the way does not make a second request', async () => {
    server.state.dropAnswers = 1;
    expect(await home.run([...ASK, '--json'])).toMatchObject({ code: 0 });
    expect(server.state.requests.size).toBe(1);
  });

  test.each([
    ['a duration in years', ['--for', '1.5y'], '"1.5y" is not a duration'],
    ['a negative duration', ['--for', '-5m'], '"-5m" is not a duration'],
    ['no duration', ['--for', '0m'], 'must be longer than zero'],
    ['an empty reason', ['--reason', ''], 'The reason is empty'],
    ['a blank reason', ['--reason', '   '], 'The reason is empty'],
    ['a reason of 100 kB', ['--reason', 'x'.repeat(100_000)], 'The reason has 100000 characters; 2000 are allowed'],
  ])('%s is refused before anything is sent', async (_what, extra, words) => {
    server.state.calls.length = 0;
    const outcome = await home.run(['request', 'invoice-reader', '--on', 'aws/prod', ...extra]);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr).toContain(words);
    expect(server.state.calls).toEqual([]);
  });

  test.each([
    [['request'], 'missing required argument'],
    [['request', 'invoice-reader'], 'Where do you need invoice-reader?'],
    [['request', 'a', 'b', 'c', '--on', 'x', '--on', 'y'], 'There are 3 roles and 2 targets'],
    [['request', '@aws/prod'], 'A role or a target is empty'],
    [['requst'], 'Did you mean request?'],
    [['ls', '--nonsense'], "unknown option '--nonsense'"],
    [['approve', 'req_1'], 'is not the id of a request'],
    [['approve', '../grants/grt_1/return'], 'is not the id of a request'],
    [['ls', '--json', '--plain'], 'Choose one of'],
  ])('the mistake in %j exits 2', async (args, words) => {
    const outcome = await home.run(args);
    expect(outcome).toMatchObject({ code: 2, stdout: '' });
    expect(outcome.stderr.toLowerCase()).toContain(words.toLowerCase());
  });

  test('an unknown role exits 1 with what the server suggests', async () => {
    const outcome = await home.run(['request', 'invoice-raeder', '--on', 'aws/prod', '--reason', 'Check the export']);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('There is no role invoice-raeder');
    expect(outcome.stderr).toContain('Did you mean invoice-reader?');
  });

  test('a refusal exits 3 and lists every rule that said no', async () => {
    const outcome = await home.run([
      'request',
      'admin',
      '--on',
      'aws/prod',
      '--for',
      '300m',
      '--reason',
      'I want it all',
    ]);
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(outcome.stderr).toContain('guardrail:no-admin');
    expect(outcome.stderr).toContain('policy:invoices');
  });

  test('too long, and no reason, are a no of the rules as well', async () => {
    expect((await home.run([...ASK.slice(0, 4), '--for', '300m', '--reason', 'Check the export'])).code).toBe(3);
    expect((await home.run(['request', 'invoice-reader', '--on', 'aws/prod', '--no-input'])).code).toBe(3);
  });

  test('a rule that wants a stronger proof exits 6', async () => {
    expect((await home.run(['request', 'vault', '--on', 'aws/prod', '--reason', 'Open the vault'])).code).toBe(6);
  });

  test('with --json a failure is one JSON line on standard error', async () => {
    const outcome = await home.run(['request', 'admin', '--on', 'aws/prod', '--reason', 'I want it all', '--json']);
    expect(outcome).toMatchObject({ code: 3, stdout: '' });
    expect(JSON.parse(outcome.stderr)).toMatchObject({
      error: { code: 'request-refused', exit: 3, refusals: [{ rule: 'guardrail:no-admin' }] },
      apiVersion: 'curfew.dev/v1',
    });
  });

  test.each([
    [503, 'provider-throttled', 8],
    [502, 'provider-fault', 8],
    [410, 'grant-ended', 7],
    [409, 'request-lapsed', 7],
    [403, 'mfa-required', 6],
    [500, 'internal', 1],
  ])('a problem %i %s exits %i', async (status, code, exit) => {
    server.state.override = {
      match: 'POST /v1/requests',
      status,
      body: { status, code, title: code, detail: 'It did not work.' },
      // The preview, which comes before it, is answered so, too, and says nothing of it: it is a courtesy.
      once: false,
    };
    expect((await home.run(ASK)).code).toBe(exit);
  });

  test('an answer that is not the API is named so', async () => {
    server.state.override = { match: 'GET /v1/me', status: 200, body: { nothing: true }, once: true };
    const outcome = await home.run(['whoami']);
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toContain('(field "person")');
  });

  test('--preview shows the decision and asks for nothing', async () => {
    const [allowed, refused] = [
      await home.run([...ASK, '--preview']),
      await home.run(['request', 'admin', '--on', 'aws/prod', '--reason', 'I want it all', '--preview']),
    ];
    expect(allowed.code).toBe(0);
    expect(allowed.stdout).toContain('1 of Bo Lind');
    expect(allowed.stdout).toMatch(/^ +people +People of "export" are as of 2026-11-20T09:30:00.000Z\.$/m);
    expect(refused.code).toBe(3);
    expect(refused.stdout).toContain('Nobody gets admin this way.');
    expect(server.state.requests.size).toBe(0);
  });
});

describe('asking a person', () => {
  test('what is missing is asked for on a terminal, the duration with what the rules say', async () => {
    const outcome = await home.run(['request', 'invoice-reader', '--on', 'aws/prod'], {
      typed: ['Check the invoice export', ''],
    });
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain('What do you need it for?');
    expect(outcome.stderr).toContain('at most 2h');
    expect([...server.state.requests.values()]).toMatchObject([
      { reason: 'Check the invoice export', durationMs: 900_000 },
    ]);
  });

  test('--no-input never asks, even on a terminal', async () => {
    const outcome = await home.run(['request', 'invoice-reader', '--on', 'aws/prod', '--no-input'], {
      typed: ['Check the invoice export'],
    });
    expect(outcome.code).toBe(3);
    expect(outcome.stderr).not.toContain('What do you need it for?');
  });

  test('Ctrl-C at a question exits 130 and asks for nothing', async () => {
    const outcome = await home.run(['request', 'invoice-reader', '--on', 'aws/prod'], {
      tty: true,
      meanwhile: async (running) => {
        await until(() => running.stderr().includes('What do you need it for?'));
        running.signal('SIGINT');
      },
    });
    expect(outcome.code).toBe(130);
    expect(server.state.requests.size).toBe(0);
  });
});

describe('waiting', () => {
  test('--wait goes on when it is approved, and only when the access is usable', async () => {
    server.state.settleMs = 400;
    const outcome = await home.run([...ASK, '--wait', '--json'], {
      meanwhile: async () => {
        await until(() => server.state.requests.size === 1);
        await home.run(['--profile', 'bo', 'approve', [...server.state.requests.keys()][0] ?? '']);
      },
    });
    expect(outcome.code).toBe(0);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ status: 'approved', grants: [{ status: 'active' }] });
  });

  test('it says whom it waits for', async () => {
    const outcome = await home.run([...ASK, '--wait', '--timeout', '1s']);
    expect(outcome.code).toBe(4);
    expect(outcome.stderr).toContain('Waiting for Bo Lind');
  });

  test('a denial exits 3', async () => {
    const id = await asked();
    const outcome = await home.run(['wait', id], {
      meanwhile: async () => {
        await until(() => server.state.events.size === 1);
        await home.run(['--profile', 'bo', 'deny', id, '--comment', 'Use staging, please']);
      },
    });
    expect(outcome.code).toBe(3);
  });

  test('a request that lapses exits 7, and a grant that failed exits 8', async () => {
    const lapsing = await asked();
    const request = server.state.requests.get(lapsing);
    if (request !== undefined) request.lapsesAt = 0;
    expect((await home.run(['wait', lapsing])).code).toBe(7);
    const failing = await asked();
    await home.run(['--profile', 'bo', 'approve', failing]);
    for (const grant of server.state.grants.values()) grant.status = 'failed';
    expect((await home.run(['wait', failing])).code).toBe(8);
  });

  test('Ctrl-C leaves the request pending and says how to go on', async () => {
    const outcome = await home.run([...ASK, '--wait'], {
      meanwhile: async (running) => {
        await until(() => running.stderr().includes('Waiting for'));
        running.signal('SIGINT');
      },
    });
    const [id] = server.state.requests.keys();
    expect(outcome.code).toBe(130);
    expect(outcome.stderr).toContain(`/opt/curfew/bin/curfew wait ${id ?? ''}`);
    expect(server.state.requests.get(id ?? '')?.status).toBe('pending');
  });

  test('a server that is away for a moment is waited for', async () => {
    const id = await asked();
    server.state.override = { match: `GET /v1/requests/${id}`, status: 503, body: {}, once: false };
    const outcome = await home.run(['wait', id, '--timeout', '2s']);
    expect(outcome.code).not.toBe(0);
    server.state.override = null;
    expect((await home.run(['wait', id, '--timeout', '1s'])).code).toBe(4);
  });
});
