import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startFakeServer, type FakeServer } from './cli-fake-server.ts';
import { makeHome, type Home } from './cli-harness.ts';

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

describe('aws-profile', () => {
  const config = () => join(home.path, '.aws', 'config');
  const write = (...more: string[]) =>
    home.run(['aws-profile', 'invoice-reader', '--on', 'aws/prod', '--write', ...more]);
  const BLOCK = `# >>> curfew: invoice-reader on aws/prod >>>
[profile curfew-invoice-reader-prod]
credential_process = /opt/curfew/bin/curfew creds aws --role invoice-reader --on aws/prod
region = eu-central-1
endpoint_url = http://localhost:4566
# <<< curfew: invoice-reader on aws/prod <<<
`;
  const asIs = () => BLOCK;

  test('prints the profile without touching a file', async () => {
    const outcome = await home.run(['aws-profile', 'invoice-reader', '--on', 'aws/prod']);
    expect(outcome.stdout).toContain('[profile curfew-invoice-reader-prod]');
    expect(existsSync(config())).toBe(false);
  });

  test('writes a marked block, the same each time', async () => {
    expect((await write()).code).toBe(0);
    expect(readFileSync(config(), 'utf8')).toBe(asIs());
    const before = statSync(config()).mtimeMs;
    expect((await write()).code).toBe(0);
    expect(readFileSync(config(), 'utf8')).toBe(asIs());
    expect(statSync(config()).mtimeMs).toBe(before);
    expect(statSync(config()).mode & 0o777).toBe(0o600);
  });

  test('says when there was nothing to write', async () => {
    const write = ['aws-profile', 'log-reader', '--on', 'aws/prod', '--write'];
    expect((await home.run(write)).stdout).toMatch(/^Written profile/);
    expect((await home.run(write)).stdout).toMatch(/^Unchanged profile/);
  });

  test('keeps every other byte, the mode, and a link', async () => {
    mkdirSync(join(home.path, '.aws'));
    mkdirSync(join(home.path, 'dotfiles'));
    const real = join(home.path, 'dotfiles', 'aws-config');
    const before = Buffer.concat([
      Buffer.from('[default]\nregion = x\n\n# caf\u00e9 '),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\n[profile curfew-invoice-reader-production]\nregion=y'),
    ]);
    writeFileSync(real, before);
    chmodSync(real, 0o644);
    symlinkSync(real, config());
    await write();
    const after = readFileSync(real);
    expect(after.subarray(0, before.length).equals(before)).toBe(true);
    expect(after.subarray(before.length).toString()).toBe(`\n\n${asIs()}`);
    expect(statSync(real).mode & 0o777).toBe(0o644);
    expect(lstatSync(config()).isSymbolicLink()).toBe(true);
  });

  test('replaces its block in the middle of a file', async () => {
    mkdirSync(join(home.path, '.aws'));
    writeFileSync(
      config(),
      `[default]\r\nregion = x\r\n# >>> curfew: invoice-reader on aws/prod >>>\r\nold\r\n# <<< curfew: invoice-reader on aws/prod <<<\r\n[profile z]\r\n`,
    );
    await write();
    expect(readFileSync(config(), 'utf8')).toBe(
      `[default]\r\nregion = x\r\n${asIs().replaceAll('\n', '\r\n')}[profile z]\r\n`,
    );
  });

  test('refuses a block without an end, and a profile of the same name that is not ours', async () => {
    mkdirSync(join(home.path, '.aws'));
    for (const [text, words] of [
      ['# >>> curfew: invoice-reader on aws/prod >>>\n[profile mine]\n', 'has no end'],
      ['[profile curfew-invoice-reader-prod]\nregion = x\n', 'which curfew did not write'],
    ] as const) {
      writeFileSync(config(), text);
      const outcome = await write();
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toContain(words);
      expect(readFileSync(config(), 'utf8')).toBe(text);
    }
    expect((await write('--name', 'other')).code).toBe(0);
  });

  test('AWS_CONFIG_FILE is honoured; another profile of ours gets another name', async () => {
    const file = join(home.path, 'elsewhere', 'config');
    await home.run(['--profile', 'bo', 'aws-profile', 'invoice-reader@aws/prod', '--write'], {
      env: { AWS_CONFIG_FILE: file },
    });
    expect(readFileSync(file, 'utf8')).toContain(
      '[profile curfew-invoice-reader-prod-bo]\ncredential_process = /opt/curfew/bin/curfew creds aws --role invoice-reader --on aws/prod --profile bo\n',
    );
    expect(existsSync(config())).toBe(false);
  });

  test('a path with a space is quoted; one that a shell would read differently is refused', async () => {
    const spaced = await home.run(['aws-profile', 'invoice-reader@aws/prod'], {
      env: { CURFEW_CALLED_AS: '/opt/my tools/curfew' },
    });
    expect(spaced.stdout).toContain('credential_process = "/opt/my tools/curfew" creds aws');
    const odd = await home.run(['aws-profile', 'invoice-reader@aws/prod', '--write'], {
      env: { CURFEW_CALLED_AS: '/opt/$(touch x)/curfew' },
    });
    expect(odd.code).toBe(1);
    expect(existsSync(config())).toBe(false);
  });

  test('a role on another cloud gets none, and is told so', async () => {
    const outcome = await home.run(['aws-profile', 'warehouse-reader', '--on', 'gcp/analytics']);
    expect(outcome).toMatchObject({ code: 1, stdout: '' });
    expect(outcome.stderr).toContain('gcp/analytics is on gcp, and only AWS reads this profile.');
  });

  test('something that does not exist gets no profile', async () => {
    expect((await home.run(['aws-profile', 'invoice-raeder', '--on', 'aws/prod', '--write'])).code).toBe(1);
    expect(existsSync(config())).toBe(false);
  });
});
