import { SourceFault, type DirectoryReading, type DirectorySource } from '../../core/directory-source.ts';
import { instant, type Instant } from '../../core/time.ts';

/** How far the clock of whoever writes the export may be ahead of ours. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * A file that a sync job of the company writes: one document of kind directory as JSON, with the moment at which it was taken. It is
 * written to a name of its own and renamed, so that nobody reads half of it; what is half written anyway is no JSON, and is refused.
 *
 *     { "kind": "directory", "takenAt": "2026-11-22T10:00:00Z", "people": { … }, "groups": { … } }
 */
export function exportFile(name: string, staleAfterMs: number, readFile: () => Promise<string>): DirectorySource {
  return {
    name,
    staleAfterMs,
    async read(now): Promise<DirectoryReading> {
      let text: string;
      try {
        text = await readFile();
      } catch (error) {
        const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
        throw new SourceFault('unreadable', `the export cannot be read (${code})`);
      }
      return { takenAt: takenAtOf(text, now), documents: [{ path: `${name}:directory.json`, text }] };
    },
  };
}

function takenAtOf(text: string, now: Instant): Instant {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new SourceFault('not-json', 'the export is no whole JSON document');
  }
  const written = typeof parsed === 'object' && parsed !== null && 'takenAt' in parsed ? parsed.takenAt : null;
  const at =
    typeof written === 'string' && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(written) ? Date.parse(written) : NaN;
  if (Number.isNaN(at)) throw new SourceFault('no-time', 'the export does not say in "takenAt" when it was taken');
  if (at > now + CLOCKS_DIFFER_MS)
    throw new SourceFault('from-the-future', 'the export says that it was taken in the future');
  return instant(at);
}
