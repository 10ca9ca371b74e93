import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { copyDatabaseTo } from '../embedded-template.ts';
import { freePorts } from '../free-ports.ts';
import { ROOT } from './demo-process.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'curfew-serve-'));
let child: ChildProcess | null = null;
afterEach(async () => {
  if (child !== null && child.exitCode === null) {
    const exited = new Promise((resolve) => child?.once('exit', resolve));
    child.kill('SIGTERM');
    await exited;
  }
  child = null;
  rmSync(dataDir, { recursive: true, force: true });
});

/** Starts `curfew serve` and resolves once it says that it runs, or has exited. */
async function serve(env: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const started = spawn(process.execPath, ['src/cli/main.ts', 'serve'], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'],
      HOME: dataDir,
      CURFEW_DATA_DIR: dataDir,
      CURFEW_RULES_DIR: 'examples/acme',
      CURFEW_OIDC_ISSUER: 'https://login.acme.example',
      CURFEW_OIDC_CLIENT_ID: 'curfew',
      CURFEW_LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  let output = '';
  await new Promise<void>((resolve) => {
    started.once('close', () => resolve());
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
        if (output.includes('Ctrl-C stops it')) resolve();
      });
  });
  return { code: started.exitCode, output };
}

test('the engine alone answers for its health on the configured port, and serves nothing else', async () => {
  const port = await freePorts(1);
  const { code, output } = await serve({ CURFEW_ROLE: 'engine', CURFEW_PORT: String(port) });
  expect([code, output]).toEqual([null, expect.stringContaining(String(port))]);
  expect((await fetch(`http://127.0.0.1:${port}/readyz`)).status).toBe(200);
  const numbers = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(numbers).toContain('curfew_engine_lag_seconds 0');
  expect(numbers).toContain('curfew_findings_total{finding="access-not-provably-gone"} 0');
  expect((await fetch(`http://127.0.0.1:${port}/v1/live`)).status).toBe(404);
});

test('a base URL with a path is refused, and said', async () => {
  const { code, output } = await serve({
    CURFEW_PORT: String(await freePorts(1)),
    CURFEW_BASE_URL: 'https://acme.example/curfew',
  });
  expect(code).toBe(1);
  expect(output).toContain(
    'CURFEW_BASE_URL: The base URL must be scheme, host and port alone, like "https://acme.example", not "https://acme.example/curfew".',
  );
});

test('a rules folder that is missing is said in one sentence', async () => {
  const { code, output } = await serve({ CURFEW_PORT: String(await freePorts(1)), CURFEW_RULES_DIR: '/nowhere/rules' });
  expect(code).toBe(1);
  expect(output).toContain('The rules folder /nowhere/rules does not exist.');
  expect(output).not.toContain('ENOENT');
});

test('a port in use is said, with the setting that chooses another', async () => {
  const port = await freePorts(1);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(port, '127.0.0.1', resolve));
  try {
    const { code, output } = await serve({ CURFEW_PORT: String(port) });
    expect([code, output]).toEqual([1, expect.stringContaining(`another port: CURFEW_PORT=${port + 100}`)]);
  } finally {
    taken.close();
  }
});

test('the API has no page of the demo, starts although the mail server is down, and says what becomes of mail', async () => {
  copyDatabaseTo(dataDir);
  const port = await freePorts(2);
  const { code, output } = await serve({
    CURFEW_ROLE: 'api',
    CURFEW_PORT: String(port),
    CURFEW_SMTP_URL: `smtp://127.0.0.1:${port + 1}`,
    CURFEW_MAIL_FROM: 'curfew@acme.example',
  });
  expect([code, output]).toEqual([null, expect.stringContaining(String(port))]);
  for (const path of ['/demo/mail', '/demo/mail/1', '/demo/mail/1/html'])
    expect((await fetch(`http://127.0.0.1:${port}${path}`)).status, path).toBe(404);
  const ready = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { checks: { mail: object } };
  expect(ready.checks.mail).toEqual({ ok: true, detail: 'nothing waits' });
  const numbers = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  expect(numbers).toContain('curfew_notifications_total{kind="waits",outcome="sent"} 0');
});

test('an engine alone sends no mail and needs no password for it; who sends needs one that nobody else can read', async () => {
  const port = await freePorts(1);
  const file = join(dataDir, 'smtp-password');
  copyDatabaseTo(dataDir);
  writeFileSync(file, 'hunter2', { mode: 0o644 });
  const mail = {
    CURFEW_PORT: String(port),
    CURFEW_SMTP_URL: 'smtps://mailer@smtp.acme.example',
    CURFEW_SMTP_PASSWORD_FILE: file,
    CURFEW_MAIL_FROM: 'curfew@acme.example',
  };
  const open = await serve({ ...mail, CURFEW_ROLE: 'api' });
  expect(open.code).toBe(1);
  expect(open.output).toContain(file);
  expect(open.output).not.toContain('hunter2');
  const engine = await serve({ ...mail, CURFEW_ROLE: 'engine' });
  expect(engine.code).toBeNull();
  const ready = (await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()) as { checks: { mail: object } };
  expect(ready.checks.mail).toEqual({ ok: true, detail: 'this process sends no e-mail' });
});
