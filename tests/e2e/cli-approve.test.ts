import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, until, type Home } from './cli-harness.ts';

let server: FakeServer;
let home: Home;
let id: string;

beforeEach(async () => {
  server = await startFakeServer();
  home = makeHome(server.url);
  await home.run(['login', '--as', 'ana']);
  await home.run(['--profile', 'bo', 'login', '--as', 'bo']);
  const ask = ['request', 'invoice-reader', '--on', 'aws/prod', '--for', '15m', '--reason', 'Check the invoice export'];
  id = (JSON.parse((await home.run([...ask, '--json'])).stdout) as { id: string }).id;
});

afterEach(async () => {
  await server.close();
  home.remove();
});

const statusNow = () => server.state.requests.get(id)?.status;
/** What was sent with each yes. */
const yeses = () =>
  server.state.calls.flatMap((call, at) =>
    call.endsWith('/approve') ? [JSON.parse(server.state.bodies[at] ?? '{}') as Record<string, unknown>] : [],
  );
const approve = (...more: readonly string[]) => ['--profile', 'bo', 'approve', id, ...more];

describe('approving at a terminal', () => {
  test('shows the request and asks, and the yes is to what was shown', async () => {
    const { code, stdout, stderr } = await home.run(approve('--comment', 'Until noon'), { typed: ['yes'] });
    expect(code).toBe(0);
    const shown = stderr.slice(0, stderr.indexOf('Approve this?'));
    for (const fact of ['invoice-reader', 'aws/prod', 'tier 2', 'Ana Torres', 'Check the invoice export', '15m'])
      expect(shown).toContain(fact);
    expect(stdout).toContain('approved');
    expect(yeses()).toEqual([{ comment: 'Until noon', seen: 'v1' }]);
  });

  test.each(['no', '', 'yes please'])('"%s" decides nothing', async (typed) => {
    const { code, stderr } = await home.run(approve(), { typed: [typed] });
    expect(code).toBe(130);
    expect(stderr).toContain('Nothing was decided.');
    expect(stderr).toContain(`deny ${id}`);
    expect(yeses()).toEqual([]);
    expect(statusNow()).toBe('pending');
  });

  describe('where the rules change between the question and the yes', () => {
    /** Types the answers; the rules change while the first yes is under way. */
    const typing = (typed: readonly string[], change: () => void) => {
      server.state.delay = { match: `POST /v1/requests/${id}/approve`, ms: 100 };
      return home.run(approve(), {
        typed,
        async meanwhile() {
          await until(() => server.state.calls.some((call) => call.endsWith('/approve')));
          server.state.rulesVersion = 'v2';
          change();
        },
      });
    };
    const shorter = () => Object.assign(server.state.requests.get(id) ?? {}, { durationMs: 600_000 });

    test('what is different is shown and asked, and the yes is to that', async () => {
      const { code, stderr } = await typing(['yes', 'yes'], shorter);
      expect(code).toBe(0);
      expect(stderr).toContain('The rules have changed since you looked at this.');
      const again = stderr.slice(stderr.indexOf('The rules have changed'));
      expect(again.replace(/\u001b\[[\d;]*m/g, '')).toMatch(/\n\+ +for +10m[^]*It said before:\n- +for +15m/);
      expect(yeses()).toEqual([{ seen: 'v1' }, { seen: 'v2' }]);
    });

    test('whoever says no then has decided nothing', async () => {
      const { code } = await typing(['yes', 'no'], shorter);
      expect(code).toBe(130);
      expect(yeses()).toEqual([{ seen: 'v1' }]);
      expect(statusNow()).toBe('pending');
    });

    test('it is said where nothing that is shown is different', async () => {
      const { code, stderr } = await typing(['yes', 'yes'], () => {});
      expect(code).toBe(0);
      expect(stderr).toContain('What is shown here is the same under the new rules.');
    });
  });

  test('what cannot be approved here is shown, and not asked about', async () => {
    await home.run(['withdraw', id]);
    const { code, stderr } = await home.run(approve(), { tty: true });
    expect(code).toBe(1);
    expect(stderr).not.toContain('Approve this?');
    expect(stderr).toContain('It is withdrawn');
  });
});

describe('approving from a script', () => {
  test.each([
    ['no terminal', [], {}],
    ['--no-input', ['--no-input'], { tty: true }],
    ['--yes', ['--yes'], { tty: true }],
  ] as const)('by %s nothing is asked, and nothing is said to have been seen', async (_name, flags, options) => {
    const { code, stderr } = await home.run(approve(...flags), options);
    expect(code).toBe(0);
    expect(stderr).not.toContain('Approve this?');
    expect(yeses()).toEqual([{}]);
  });

  test('--seen is what it has read, and is refused when other rules are in force', async () => {
    server.state.rulesVersion = 'v2';
    const late = await home.run(approve('--seen', 'v1', '--json'), { tty: true });
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('The rules have changed');
    expect((await home.run(approve('--seen', 'v2'))).code).toBe(0);
    expect(yeses()).toEqual([{ seen: 'v1' }, { seen: 'v2' }]);
  });
});
