/** PostgreSQL's answer to every statement behind the one that failed: `in_failed_sql_transaction`. */
const BEHIND_A_FAILURE = '25P02';

/**
 * Waits until all statements of a transaction have been answered, and only then fails with the fault of the one that failed first. Never
 * `Promise.all` for statements that write: it fails at once, the transaction is rolled back, and what was still on its way to the database
 * then is carried out behind the rollback, alone and for good.
 */
export async function together<const Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Key in keyof Work]: Awaited<Work[Key]> }> {
  const answers = await Promise.allSettled(work);
  const faults = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
  const first = faults.find((fault) => !isBehindAFailure(fault)) ?? faults[0];
  if (first !== undefined) throw first;
  return Promise.all(work);
}

function isBehindAFailure(fault: unknown): boolean {
  return fault instanceof Error && 'code' in fault && fault.code === BEHIND_A_FAILURE;
}
