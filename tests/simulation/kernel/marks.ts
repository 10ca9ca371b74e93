/**
 * Paths that a run must have taken at least once over the default seeds, with what each one is. A path that is never taken
 * is not tested, whatever the checkers say; the suite fails on it.
 */
export const MARKS = {
  'grant-active': 'a grant became active',
  'ended-by-construction': 'a grant ended because everything handed out had run out by itself',
  'ended-observed': 'a grant ended because its absence was seen',
  'ended-never-provisioned': 'a grant was over before any call to the cloud',
  'returned-while-active': 'its holder gave access back',
  'ended-while-activating': 'a grant was returned or revoked while its activation was under way',
  'ended-while-scheduled': 'a grant was returned or revoked before its start',
  'expired-while-activating': 'the time of a grant was over before it was usable',
  'activation-failed': 'a grant could not be provided, was ended and proven absent',
  'request-lapsed': 'nobody decided a request in time',
  'request-denied': 'an approver said no',
  'request-withdrawn': 'a requester took a request back',
  'request-approved-by-rule': 'no approval was needed',
  'two-approvals-at-once': 'two people decided the same request at the same moment',
  'approval-after-decision': 'somebody decided a request that was over',
  'self-approval-refused': 'somebody tried to approve their own request',
  'input-refused': 'bad input was refused',
  'tightened-at-decision': 'a rule tightened meanwhile refused a request at its decision',
  'tightened-at-start': 'a rule tightened meanwhile refused a grant at its start',
  'somebody-left': 'a person left while their requests or grants were open',
  'unknown-outcome': 'a call was given up without knowing whether it happened',
  'answer-lost': 'the cloud did what was asked, and the answer was lost',
  'late-landing': 'a call landed after its caller had given up or died',
  'late-landing-while-ending': 'a call that gives access landed while its grant was ending',
  'edited-by-hand': 'somebody gave an object a later end, or none',
  'deleted-by-hand': 'somebody deleted an object of a live grant',
  'identity-replaced': 'an identity that a live grant stood on was deleted, or made anew',
  'unassigned-by-hand': 'somebody removed an assignment of a live grant',
  'unscheduled-by-hand': 'somebody edited or deleted the schedule of an assignment',
  'edit-seen': 'the broker met an object that somebody had edited',
  'litter-seen': 'an object whose time was over was still there and had to be removed',
  'litter-swept': 'what an earlier end had left was removed beside another one',
  'made-in-time': 'an assignment that the cloud makes in its own time was begun, and came to its end',
  'schedule-fired': 'the schedule of an assignment fired',
  'operation-failed': 'something asynchronous in the cloud came to its end and failed',
  'schedule-hindered': 'the call of a schedule was refused or lost',
  'call-repeated': 'the network delivered one call twice',
  'stale-read': 'the cloud answered a read with what stood there before',
  throttled: 'the cloud asked to slow down',
  'cloud-down': 'the cloud could not be reached',
  'forbidden-to-us': 'the cloud refused the broker itself',
  'next-rung': 'a removal that kept failing went on to the next rung',
  'node-died': 'a node died',
  'died-in-transaction': 'a node died with a transaction open, which was undone',
  'died-after-commit': 'a node died after a commit whose success it never learned',
  'died-in-call': 'a node died while a call to the cloud was under way',
  blackout: 'for minutes no node was alive',
  'took-over': 'a node went on with a grant that another, dead node had been working on',
  'lease-lost-at-record': 'a node came to write down what it did, and its claim was gone',
  'node-paused': 'a node stood still and went on later',
  'clock-jumped': 'the clock of a node jumped',
  'clock-refused': 'a node whose clock was off claimed nothing',
  thickened: 'too little had happened in a run, which was made fuller and went on',
  'commit-answer-lost': 'a commit happened, and the node that asked for it was told of an error',
  'statement-failed': 'a statement failed in the middle of a transaction, and everything before it was undone',
  'database-full': 'the database took no writes',
  'recorded-late': 'access was taken away although it could not be recorded',
  'wish-kept': 'an ending that could not be recorded was kept by the node that promised it',
  'late-entry': 'such an ending was recorded later, and marked as late',
  'left-to-others': 'a grant ended, and its shared place stayed because another one needs it',
  'left-standing': 'a grant ended, and what was there before it stayed',
  'slot-awaited': 'a grant waited for its turn on a shared place',
  'quota-awaited': 'a start waited for its place in a rate that the cloud allows',
  'written-together': 'ends of one role were written with one call',
  'tried-again': 'a grant that was not usable in time was tried once more',
  extended: 'the end of a grant was moved to later',
  'extension-unconfirmed': 'a grant was over, and nobody ever learned whether the cloud had its later end',
  'extension-lapsed': 'a grant ended before a later end that was decided had been written',
  'extension-refused': 'a later end that was decided was refused before it was written',
  'returned-in-masses': 'somebody gave everything back at once',
  'revoked-in-masses': 'somebody took everything on a target or of a person away, one by one and at once',
  'order-given': 'somebody gave an order of the kill switch',
  'order-confirmed': 'a second person widened an order',
  'order-lifted': 'an order was lifted',
  'order-lifted-early': 'an order was lifted before all was told to end',
  'order-finished': 'everything that an order reached was proven gone',
  'start-beside-order': 'a start that was decided before an order was written down after it',
  'start-refused': 'a grant that was about to start was refused',
  'credential-handed-out': 'a person got a credential',
  'credential-refused': 'a credential that a person had kept was refused by the cloud',
} as const satisfies Readonly<Record<string, string>>;

export type Mark = keyof typeof MARKS;

/** Counts how often each path was taken. */
export class Marks {
  readonly #counts = new Map<Mark, number>();

  hit(mark: Mark): void {
    this.#counts.set(mark, (this.#counts.get(mark) ?? 0) + 1);
  }

  counts(): Readonly<Partial<Record<Mark, number>>> {
    return Object.fromEntries(this.#counts);
  }
}
