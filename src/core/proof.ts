import type { JsonObject } from './json.ts';
import { fromIso, type Instant } from './time.ts';

/**
 * Why Curfew may say that a grant is over.
 *
 * - `observed`: a read-back showed absence, later than the longest time an abandoned call can still land; or the access stays for a reason that
 *   is not this grant, and the evidence says which: see {@link proofWords}.
 * - `by-construction`: everything that was handed out carries its own end, which has passed; the evidence names the
 *   expiry of each credential and the hash of the policy it was issued under.
 * - `never-provisioned`: no call that could give access was ever dispatched for the grant.
 */
export interface Proof {
  readonly kind: 'observed' | 'by-construction' | 'never-provisioned';
  readonly at: Instant;
  readonly evidence: JsonObject;
}

/** What a proof says, in words. */
export interface ProofWords {
  /** Whether the access itself is gone. False in a shared place of the cloud that somebody else needs: only the grant is over. */
  readonly gone: boolean;
  /** In a few words, for a line of a table: `seen in the cloud`, `standing access remains`. */
  readonly brief: string;
  /** As a sentence. It names no time: each screen writes times in its own way. */
  readonly words: string;
  /** Until when another grant keeps the access; `null`: none does. */
  readonly keptUntil: Instant | null;
}

/**
 * Says a proof in words: for screens, messages and the log alike, so that none of them says *gone* of what is there.
 *
 * @param evidence as in {@link Proof}, or as it stands in an entry of the log.
 */
export function proofWords({ kind, evidence }: { kind: Proof['kind']; evidence: Evidence }): ProofWords {
  if (evidence['standingAccessRemains'] === true)
    return {
      gone: false,
      brief: 'standing access remains',
      words: 'The same access was there before Curfew gave it, and stays: only this grant is over.',
      keptUntil: null,
    };
  const until = evidence['neededByOthersUntil'];
  if (typeof until === 'string')
    return {
      gone: false,
      brief: 'another grant keeps the access',
      words: 'The same access goes on under another grant: only this one is over.',
      keptUntil: fromIso(until),
    };
  return { gone: true, ...GONE[kind], keptUntil: null };
}

/** {@link Proof.evidence}, also as it is read from a log. */
type Evidence = Readonly<Record<string, unknown>>;

const GONE: Readonly<Record<Proof['kind'], Pick<ProofWords, 'brief' | 'words'>>> = {
  observed: { brief: 'seen in the cloud', words: 'Looked for in the cloud, and not there any more.' },
  'by-construction': {
    brief: 'its own end has passed',
    words: 'The credential itself ended: the cloud was told the end before it was handed out.',
  },
  'never-provisioned': {
    brief: 'nothing was ever set up',
    words: 'It never came to be: no call was sent to the cloud.',
  },
};
