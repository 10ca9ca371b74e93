import { proofWords, type Proof, type ProofWords } from '../core/proof.ts';
import { toIso } from '../core/time.ts';

/** Why a grant may be said to be over, and whether the access itself is gone. Times are RFC 3339. */
export type ProofView = Omit<Proof, 'at'> &
  Omit<ProofWords, 'keptUntil'> & { readonly at: string; readonly keptUntil: string | null };

/** A proof as the API shows it. */
export function proofView(proof: Proof): ProofView {
  const { keptUntil, ...words } = proofWords(proof);
  return { ...proof, at: toIso(proof.at), ...words, keptUntil: keptUntil === null ? null : toIso(keptUntil) };
}
