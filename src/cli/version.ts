import { readFileSync } from 'node:fs';
import { isFields, parseJson, textOrNull } from './wire.ts';

/** The version of this package. */
export function cliVersion(): string {
  const of = parseJson(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return (isFields(of) ? textOrNull(of, 'version') : null) ?? 'unknown';
}
