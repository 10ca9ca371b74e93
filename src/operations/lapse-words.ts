import type { LapseCause } from '../core/request.ts';

/** Why a request lapsed, as a sentence for whoever asked. */
export const LAPSE_WORDS: Readonly<Record<LapseCause, string>> = {
  'nobody-decided': 'Nobody decided it in time.',
  'grant-ended': 'The access ended before it was decided.',
  'new-epoch': 'The database was restored from a backup, and what waited then has lapsed.',
};
