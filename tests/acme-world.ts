import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DirectorySnapshot } from '../src/core/directory.ts';
import { instant, type Instant } from '../src/core/time.ts';
import type { ProviderName } from '../src/core/target.ts';
import { parseDirectory } from '../src/identity/directory/yaml-directory.ts';
import { parseTargets } from '../src/posture/inventory.ts';
import { loadPolicy, type PolicySet } from '../src/policy/load.ts';
import type { SourceFile } from '../src/policy/types.ts';

const FOLDER = join(import.meta.dirname, '../examples/acme');

const FILES: readonly SourceFile[] = globSync('**/*.{yaml,json}', { cwd: FOLDER })
  .filter((path) => !path.startsWith('clouds/'))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(FOLDER, path), 'utf8') }));

/** Every document of the demo world, as the program reads them: the same ones every time, which are parsed once for all tests of a file. */
export function acmeFiles(): readonly SourceFile[] {
  return FILES;
}

/** The demo world, loaded; throws with every problem when it does not load. */
export function loadAcme(
  now: Instant = instant(Date.parse('2026-11-19T14:00:00Z')),
  available: readonly ProviderName[] = ['aws'],
): { readonly policy: PolicySet; readonly directory: DirectorySnapshot } {
  const files = acmeFiles();
  const directory = parseDirectory(files, now);
  if (!directory.ok) throw new Error(JSON.stringify(directory.refusal, null, 2));
  const targets = parseTargets(files, directory.value);
  if (!targets.ok) throw new Error(JSON.stringify(targets.refusal, null, 2));
  const policy = loadPolicy(files, {
    directory: directory.value,
    targets: targets.value,
    available: new Set(available),
  });
  if (!policy.ok) throw new Error(JSON.stringify(policy.refusal, null, 2));
  return { policy: policy.value, directory: directory.value };
}
