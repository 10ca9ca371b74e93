/** What a failing database means for the caller. */
export type DatabaseFault = 'full' | 'nothing-changed' | 'outcome-unknown';

/** SQLSTATE classes and codes (PostgreSQL appendix A) with which a statement or its transaction was certainly not done. */
const NOT_DONE = /^(53|40|25006|57P03|55P03)/;
/** The connection broke or the server stopped: the last commit may have been done. */
const BROKEN = /^(08|57P0[124]|58)/;
/** disk_full of appendix A, and what the operating system says to the embedded database. */
const FULL = new Set(['53100', 'ENOSPC', 'EDQUOT']);
const NETWORK = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN']);

/**
 * Whether an error says that the database cannot work now (down, full, read-only, overloaded), as opposed to a mistake of
 * ours; `null` for everything else.
 */
export function databaseFault(error: unknown): DatabaseFault | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (FULL.has(code) || /No space left on device|disk full/i.test(error.message)) return 'full';
  if (code === 'EROFS' || NOT_DONE.test(code)) return 'nothing-changed';
  if (code === 'ECONNREFUSED' || /timeout exceeded when trying to connect/.test(error.message))
    return 'nothing-changed';
  if (BROKEN.test(code) || NETWORK.has(code)) return 'outcome-unknown';
  if (/PGlite is closed/i.test(error.message)) return 'nothing-changed';
  // What was given up while nobody answered may have been a commit, which happened.
  if (
    /Connection terminated|Query read timeout|is not queryable|driver has already been destroyed/i.test(error.message)
  )
    return 'outcome-unknown';
  return error.cause === undefined ? null : databaseFault(error.cause);
}
