/**
 * Waits until all statements of a transaction have been answered, and only then fails with the first fault. Never `Promise.all` for
 * statements that write: it fails at once, the transaction is rolled back, and what was still on its way to the database then is carried
 * out behind the rollback, alone and for good.
 */
export async function together<const Work extends readonly Promise<unknown>[]>(
  work: Work,
): Promise<{ -readonly [Key in keyof Work]: Awaited<Work[Key]> }> {
  await Promise.allSettled(work);
  return Promise.all(work);
}
