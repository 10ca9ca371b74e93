import type { DirectorySource } from '../../core/directory-source.ts';
import type { Instant } from '../../core/time.ts';
import type { Random } from '../../platform/random.ts';
import { readExportFile } from '../../platform/source-files.ts';
import type { SourceFile } from '../../policy/types.ts';
import { keepSnapshot, keptSnapshots } from '../../store/directory-snapshots.ts';
import type { Db, Trx } from '../../store/schema.ts';
import { createSeal } from '../seal.ts';
import { exportFile } from './export-file.ts';

/** The sources of people that are set up, besides the documents of the rules. */
export function directoriesOf(settings: {
  readonly directoryExport?: { readonly file: string; readonly staleAfterMs: number };
}): readonly DirectorySource[] {
  if (settings.directoryExport === undefined) return [];
  const { file, staleAfterMs } = settings.directoryExport;
  return [exportFile('export', staleAfterMs, () => readExportFile(file))];
}

/** A good snapshot of one source, as it is kept. */
interface Kept {
  readonly source: string;
  readonly version: string;
  readonly takenAt: Instant;
  readonly documents: readonly SourceFile[];
}

/**
 * The last good snapshot of each source, in the database, encrypted: whoever gets a copy of the database gets no list of the company's
 * people. What cannot be opened, because the key is another one, counts as never kept.
 */
export function keptPeople(db: Db, key: Uint8Array, random: Random) {
  const seal = createSeal(key, random);
  const place = (source: string) => `directory:${source}`;
  return {
    async last(): Promise<readonly Kept[]> {
      return (await keptSnapshots(db)).flatMap(({ sealed, ...row }) => {
        const text = seal.open(sealed, place(row.source));
        return text === null ? [] : [{ ...row, documents: JSON.parse(text) as readonly SourceFile[] }];
      });
    },
    keep(trx: Trx, { source, version, takenAt, documents }: Kept, now: Instant): Promise<void> {
      const sealed = seal.seal(JSON.stringify(documents), place(source));
      return keepSnapshot(trx, { source, version, takenAt, sealed }, now);
    },
  };
}
