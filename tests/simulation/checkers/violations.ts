import type { Storm } from '../kernel/storm.ts';

/** Which promise a finding is about. */
export type CheckerName =
  | 'cloud'
  | 'grants'
  | 'claims'
  | 'requests'
  | 'ledger'
  | 'credentials'
  | 'slots'
  | 'orders'
  | 'liveness'
  | 'defects'
  /** What must be true after a restore (`restore/history.ts`). */
  | 'epochs';

export interface Violation {
  readonly checker: CheckerName;
  readonly text: string;
  /** Milliseconds since the start of the run. */
  readonly atMs: number;
}

/** What the checkers judge, in words. A law that a run never had to judge proves nothing; how often each was judged is counted. */
export const LAWS = {
  'usable-only-live': 'what works in the cloud belongs to a live grant',
  'end-in-the-object': 'what carries its own end does not work past it',
  'promise-in-the-cloud': 'the end that is promised stands in the cloud object, and none that nobody has noted',
  'end-by-schedule': 'an assignment does not stand longer than its schedule allows, also when nobody of us is alive',
  guarded:
    'what would end an assignment without us is there while it is active: the schedule, and the lease for whoever sweeps',
  'cut-in-the-account': 'whose sessions are said to be cut at the end is denied from then on in the account itself',
  'cut-for-good': 'whose end says that sessions were cut is denied for as long as one of them could live',
  'ends-swept': 'what ends sessions does not stand on their role for hours after the last of them',
  'litter-swept': 'when all is over, nothing of ours lies about on people’s identities',
  'standing-stays': 'what was there before is still there',
  'place-needed': 'a shared place is there only while somebody needs it',
  'place-kept': 'nobody who is active loses a shared place through another',
  'grant-approved': 'a grant comes out of an approved request',
  'grant-steps': 'a grant takes only legal steps',
  'grant-times': 'the start of a grant never moves, and its end only as was decided',
  'grant-over': 'what is over does not change',
  'grant-start': 'a grant starts only as rules in force allow',
  'grant-proof': 'an end has a proof that is true in the cloud',
  'claim-respected': 'a claim that has not run out is nobody else’s',
  'claim-held': 'only the holder of a claim records a step of the engine',
  'request-once': 'a request is decided once',
  'request-in-time': 'a request is decided in time, and lapses no earlier',
  'request-needs-its-grant': 'nobody is asked to lengthen what is over',
  'approval-by-another': 'nobody decides their own request, or one twice',
  'order-stops-starts': 'nothing within the reach of an order starts until it is lifted',
  'order-ends-all': 'everything within the reach of an order is told to end',
  'order-zero-true': 'the time to zero that an order records is true',
  'order-finishes': 'every order that acts comes to its end',
  'order-entries': 'each order, confirmation, lifting and finish has one entry',
  'change-explained':
    'the log tells of every change in the cloud before it happens, or of the outage in which it could not',
  'entry-for-each-change': 'each change has exactly one entry',
  'entries-say-the-rows': 'the log, replayed, says what the rows say',
  'log-verifies': 'each entry has its place, and each checkpoint is true and signed',
  'armed-before-certificate': 'a certificate is handed out only while the end of its sessions stands on their role',
  'end-on-the-role': 'who has certificates is denied from the end on by the role itself, and not before',
  'credential-recorded': 'a credential that was handed out stands in the log, of an active grant',
  'credential-refused': 'a kept credential does not work once its grant is over',
  converged: 'what was due is done when all has been well for long enough',
  'wish-kept': 'an end that was promised without a record came in time',
  'works-again': 'after the storm a request is granted, works, and ends at once',
} as const satisfies Readonly<Record<string, string>>;

export type Law = keyof typeof LAWS;

/** Broken promises that were seen. A run stops at the first. */
export class Violations {
  readonly #storm: Storm;
  readonly #list: Violation[] = [];
  readonly #judged = new Map<Law, number>();

  constructor(storm: Storm) {
    this.#storm = storm;
  }

  get list(): readonly Violation[] {
    return this.#list;
  }

  /** A law is judged, of so many cases. */
  judge(law: Law, cases = 1): void {
    if (cases > 0) this.#judged.set(law, (this.#judged.get(law) ?? 0) + cases);
  }

  /** How often each law was judged. */
  judged(): Readonly<Partial<Record<Law, number>>> {
    return Object.fromEntries(this.#judged);
  }

  report(checker: CheckerName, text: string): void {
    this.#storm.trace.note('CHECKER', `${checker}: ${text}`);
    this.#list.push({ checker, text, atMs: this.#storm.elapsedMs });
  }
}
