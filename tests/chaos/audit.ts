import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Site } from './site/site.ts';

const PROGRAM = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const VERIFY_MS = 120_000;

/** Lets the product's own command verify the log, as somebody outside would: signed in as an auditor, who reads all of it, with a home of its own. */
export async function auditVerify(site: Site): Promise<{ readonly ok: boolean; readonly text: string }> {
  const home = join(site.nursery.folder, 'auditor');
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const [lead = ''] = site.people.leads;
  const signedIn = await curfew(home, ['login', '--as', lead, '--server', site.url]);
  if (signedIn.code !== 0) return { ok: false, text: `cannot sign in: ${signedIn.output}` };
  // As two others would have, who are in the directory already.
  await site.postgres.query(
    `insert into role_assignment (person_id, role, since, appointed_by, confirmed_by)
     select lead.id, 'auditor', now(), others.ids[1], others.ids[2] from person lead,
       (select array_agg(id order by id) as ids from person where directory_key <> $1) others
     where lead.directory_key = $1 on conflict do nothing`,
    [lead],
  );
  const verified = await curfew(home, ['audit', 'verify', '--plain']);
  return { ok: verified.code === 0, text: verified.output.trim().replaceAll('\t', ' ') };
}

function curfew(home: string, args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  const env = { PATH: process.env['PATH'], HOME: home };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, ...args], { env, cwd: home, timeout: VERIFY_MS }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      resolve({ code, output: code === 0 ? stdout : `${stdout}${stderr}` });
    });
  });
}
