import type { GrantId } from '../core/ids.ts';
import type { EndCause } from '../core/grant.ts';
import type { JsonObject } from '../core/json.ts';
import type { Proof } from '../core/proof.ts';
import type { Residual } from '../core/residual.ts';
import type { Role } from '../core/role.ts';
import type { SlotKey, SlotKind } from '../core/slot.ts';
import type { ProviderName, Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';

export type { Residual };
export { FAULT_KINDS, ProviderFault, type FaultKind } from './contract-fault.ts';

/**
 * What a cloud must be able to do for Curfew. One suite (tests/contract) runs against every provider and method over
 * real HTTP. The laws it checks: provision twice is once; revoking what is absent succeeds; observe tells the truth
 * after settling; nothing is touched that Curfew did not create; an unknown outcome resolves by observing; each fault
 * is classified; the end is put into the cloud object wherever it has a place for one.
 */
export interface Provider {
  readonly name: ProviderName;
  /** Declared, not sniffed: what each method can promise. */
  readonly methods: Readonly<Record<string, MethodCapabilities>>;

  /**
   * Says what would change, in words, without calling the cloud. Refuses what can be known to be impossible
   * (a session policy over the limit, with the count), so that it is refused before the request is even sent.
   */
  plan(wanted: BindingSpec): Plan;

  /**
   * Makes the binding exist. Idempotent by its deterministic names. For a binding that exists with an earlier end it moves the end, without
   * a moment in which there is no access: whatever ends the access at the old end must be moved before it does. Throws
   * {@link ProviderFault}.
   */
  provision(wanted: BindingSpec, call: CallOptions): Promise<Provisioned>;

  /** Looks in the cloud whether access under the binding is possible. Throws {@link ProviderFault}. */
  observe(binding: BindingSpec, ending: Ending | null, call: CallOptions): Promise<Observation>;

  /** Takes the access away on one rung of `MethodCapabilities.rungs`. Success on what is already absent. Throws {@link ProviderFault}. */
  revoke(binding: BindingSpec, ending: Ending, rung: number, call: CallOptions): Promise<void>;

  /**
   * The cloud's own names of the one place that a method with a shared slot has for a binding (principal id, role definition, scope):
   * two roles that come to the same names share it. Needed exactly when the method declares a shared slot.
   */
  sharedPlace?(wanted: Pick<BindingSpec, 'method' | 'target' | 'role' | 'principal'>): readonly string[];

  /**
   * Key of the lock that the caller must hold while it does this, because the cloud has no conditional write for what is changed
   * there (AWS: one inline policy that all grants of a role share). The lock is that of a process: calls of its steps come at the same time,
   * and the provider puts them together or one behind the other. `null` or absent: none is needed.
   */
  exclusive?(place: BindingPlace, act: Act): string | null;

  /**
   * The rates of the cloud that this takes calls from, the widest first; starts wait for their place in all of them, ends go ahead. Empty or
   * absent: nothing that we could use up.
   */
  quota?(place: BindingPlace, act: Act): readonly Quota[];

  /**
   * Removes from the cloud what earlier endings have left beside this binding and nothing needs any more. Called now and then, under the
   * lock of `exclusive`. Absent: endings leave nothing. Throws {@link ProviderFault}.
   */
  tidy?(binding: BindingSpec, call: CallOptions): Promise<Tidied>;

  /**
   * Takes back what was written down beside this binding for whoever ends it without us (a sweeper), so that nobody takes for ours what somebody
   * else gives there later. Called for shared slots, because nobody else comes to a slot of one grant; once absence is proven, while no other
   * grant can begin there. What fails is left to `tidy`. Absent: nothing is written beside bindings. Throws {@link ProviderFault}.
   */
  forget?(binding: BindingSpec, call: CallOptions): Promise<void>;

  /** What can survive the end of a grant of this role there. Absent: what the method declares holds everywhere. */
  residual?(binding: Pick<BindingSpec, 'method' | 'role' | 'target'>): Residual;

  /** Who ends a grant of this role when Curfew is dead. Absent: what the method declares holds for every role. */
  endedBy?(binding: Pick<BindingSpec, 'method' | 'role'>): EndedBy;

  /**
   * Where the access of a binding lands when nothing is handed out: an identity that the person has already, and uses with credentials
   * of their own. `null` or absent: the method hands out credentials. Never calls the cloud.
   */
  landing?(binding: Pick<BindingSpec, 'method' | 'role' | 'target' | 'principal'>): Landing | null;

  /** Hands out a credential under an active binding; the caller never stores it. Throws {@link ProviderFault}. */
  issueCredential(binding: BindingSpec, call: CallOptions): Promise<IssuedCredential>;

  /**
   * Hands out a certificate under an active binding, for a key that its holder keeps: `holderKey` is a public key or a PKCS #10 request in
   * PEM. Only for a method whose `hands` says so. Throws {@link ProviderFault}.
   */
  issueCertificate?(binding: BindingSpec, call: CallOptions, holderKey: string): Promise<IssuedCertificate>;

  /** Turns a credential into a URL that signs a browser in. The URL is a secret: never log it. */
  consoleUrl?(credential: IssuedCredential, call: CallOptions): Promise<string>;

  /** When each sweeper that looks after this provider's clouds ran last. Absent: there is none. Throws {@link ProviderFault}. */
  sweeperRuns?(call: CallOptions): Promise<readonly SweeperRun[]>;

  /** Checks that every permission Curfew needs is there; each finding carries the command that fixes it. Leaves nothing behind. */
  doctor(places: readonly DoctorPlace[], call: CallOptions): Promise<readonly DoctorFinding[]>;
}

/** An identity that a person has without us, and that a grant adds to. */
export interface Landing {
  /** The cloud's own name of it: an ARN. */
  readonly identity: string;
  /** What it is and how to use the access, in a sentence for its holder. */
  readonly words: string;
  /** On Azure: where its holder can ask for their own permissions, and the role (GUID) that shows there once Azure obeys. */
  readonly azure?: { readonly scope: string; readonly roleDefinition: string };
}

/** What `tidy` did: whether it removed anything, and how many entries are left. */
export interface Tidied {
  readonly removed: boolean;
  readonly left: number;
}

/** Who ends access when Curfew is dead: the cloud (a condition), the credential itself, or only the broker. */
export type EndedBy = 'cloud' | 'credential' | 'broker';

/** What a method can promise. Shown to approvers before they approve, and obeyed by the engine. */
export interface MethodCapabilities {
  readonly method: string;
  readonly slot: SlotKind;
  /** Who ends the access when Curfew is dead, unless `Provider.endedBy` says something else of a role. */
  readonly endedBy: EndedBy;
  /** Whether a live session can be cut before its end, and within what time the cloud obeys. */
  readonly cut: { readonly possible: true; readonly withinMs: number } | { readonly possible: false };
  /** What can survive the end, unless `Provider.residual` says something else of a role. */
  readonly residual: Residual;
  readonly shortestDurationMs: number;
  /** The cloud refuses removal earlier than this after creation (Entra PIM: 5 min). 0: at once. */
  readonly earliestRemovalMs: number;
  /** Not usable within this time after the call: end, prove absence, one retry. */
  readonly settleMs: number;
  /** The longest time after we gave up on a call during which the cloud may still perform it. */
  readonly abandonedCallMs: number;
  /** How the end is proven when the time is simply over. */
  readonly proofAtExpiry: Proof['kind'];
  /** What a holder gets: a credential, or a certificate for a key of their own. Absent: a credential, or nothing where there is a landing. */
  readonly hands?: 'certificate';
  /** Whether an end by time leaves something in the cloud as well that `tidy` removes; otherwise only an early one does. */
  readonly leavesAtExpiry?: boolean;
  /**
   * Each thing that is handed out carries an end of its own, so no call that is still under way can put an earlier end back. Absent: the
   * end stands in one object, and a later one is written only when no earlier call can land on it any more.
   */
  readonly endsApart?: true;
  /** Ways to take access away, mildest first, in words; `revoke` gets the index. */
  readonly rungs: readonly string[];
}

/**
 * What a call does: makes a binding, writes another end for one that stands, takes it away before its time or at its time, or removes what endings
 * have left.
 */
export type Act = 'provision' | 'move-end' | 'end-early' | 'expire' | 'tidy';

/** A rate that a cloud allows for some of its calls, or for operations that take it a while. */
export interface Quota {
  /** Everything that draws on the same rate has the same key: the API, and the account or the instance that it counts for. */
  readonly key: string;
  readonly perSecond: number;
  /** Calls that may come at once after a pause, beside the one that may come anyway. 0: one at a time. */
  readonly burst: number;
  /** How many calls of it this takes, as a rule: the whole act, with all looks until it is done. It is counted once. */
  readonly calls: number;
}

/** Where a binding stands and what for; known before its clock has started. */
export interface BindingPlace {
  readonly slot: SlotKey;
  readonly method: string;
  readonly target: Target;
  readonly role: Role;
  /** The grant that the binding serves; for a shared slot the one that caused the call. */
  readonly grant: GrantId;
  /** How the person is called in the cloud's own logs (`ana`); already checked against the cloud's character set. */
  readonly principal: string;
}

/** Everything a provider needs to know about one binding. Deterministic: the same grant always yields the same names. */
export interface BindingSpec extends BindingPlace {
  readonly activatedAt: Instant;
  /**
   * When the binding must be gone: the end of the grant, or for a shared slot the latest end of the grants that need it. While a grant is
   * being ended, the latest end that may stand in the cloud: later than the grant's own when an extension was on its way.
   */
  readonly endsAt: Instant;
  /**
   * What `Provisioned.native` said last of what was made in a shared slot: the names that it had then may lead nowhere by now, or elsewhere.
   * Known while what was made is being taken away, or its traces are. Absent: it is not known.
   */
  readonly native?: JsonObject;
}

/** That a binding is being taken away, since when and why. */
export interface Ending {
  readonly cause: EndCause;
  readonly since: Instant;
}

export interface CallOptions {
  /** Now, from the same clock that the engine uses. */
  readonly now: Instant;
  /** The caller gives up when this fires; the fault is then `unknown-outcome` for anything that writes. */
  readonly signal: AbortSignal;
  /**
   * Whether the caller's time is over, which a process that stood still may not have heard from `signal` yet. Asked before each request that
   * leaves: what others count as given up must not be sent any more. Absent: `signal` says it all.
   */
  readonly isOver?: () => boolean;
  /**
   * What was handed out under the grant, where it is written down that the grant is being ended: it will be no more then. To `tidy`, what was
   * handed out under all grants of the role that ended before their time, and is not over yet.
   */
  readonly issued?: () => Promise<readonly CredentialFacts[]>;
  /**
   * What else is known of what stands under the same key of `exclusive`: what is being taken away, and what has been left. What a provider writes there must deny these as well, whatever it
   * reads: a write that was given up may have put an older state back.
   */
  readonly alongside?: Alongside;
}

export interface Alongside {
  /** Grants that are being taken away before their time, the caller's own among them or not. */
  ending(): Promise<readonly AlsoEnding[]>;
  /** Told before a write that puts back what was missing of some of them: how long they have been seen as gone counts anew. */
  restores(grants: readonly GrantId[]): Promise<void>;
  /**
   * Told before a write that removes what earlier endings have left, and how much of it is left then: the log explains every change,
   * whatever becomes of the call, and nobody begins on a shared slot before it cannot land any more. Where it rejects, nothing is to be removed.
   */
  removes(left: number): Promise<void>;
}

/** A grant whose access is being taken away before its time. */
export interface AlsoEnding {
  readonly grant: GrantId;
  /** The latest end that may stand in the cloud for it. */
  readonly endsAt: Instant;
  readonly since: Instant;
}

export type Plan =
  | { readonly ok: true; readonly words: string; readonly policyHash: string | null }
  | { readonly ok: false; readonly message: string; readonly hint: string };

export interface Provisioned {
  /** Whether the access was seen to be usable; if not, the engine observes until the settle time is over. */
  readonly usable: boolean;
  /** Why it could not be seen whether it is usable, where a look failed after the write; for people, like the message of a fault. */
  readonly unseen?: string;
  /** What was made, without secrets; kept with the binding, and handed back as `BindingSpec.native`. */
  readonly native: JsonObject;
  /** Credentials that came into being on the way (and were discarded): they count towards the proof. */
  readonly credentials: readonly CredentialFacts[];
  /** What can survive the end of this very binding, where that shows only when it is made. Absent: what `Provider.residual` says. */
  readonly residual?: Residual;
}

export type Observation =
  | {
      readonly presence: 'present';
      readonly usable: boolean;
      readonly native: JsonObject;
      /**
       * The cloud is carrying out, in its own time, what was asked of it to take this away: the removal; or `denying`, only the denial of what goes
       * on, which stands in every version of what the cloud has to be told, whoever wrote it last. To find that is no failed attempt as long as
       * the method's `settleMs` have not passed since the ending began. Absent: nothing is known to be under way.
       */
      readonly underWay?: 'removing' | 'denying';
      /** Credentials that came into being by looking (and were discarded): they count towards the proof. */
      readonly credentials?: readonly CredentialFacts[];
      /**
       * An end of ours stands beside it, which this grant wrote last: a grant gave it, also where the database does not know that any more,
       * and nobody else did. A grant that is known to be over has left nothing, so what stands beside its end came later.
       */
      readonly endWrittenFor?: GrantId;
      /** Somebody has edited the end of ours beside it, so that it would not end this any more, or something else with it. */
      readonly endIsEdited?: true;
    }
  /**
   * Gone now. `final: false` means that it could still be otherwise, and the engine asks again: at `finalAt` where the provider knows
   * when that is over, otherwise after `abandonedCallMs`, because an abandoned call may still undo it.
   */
  | {
      readonly presence: 'absent';
      readonly proof: 'observed' | 'by-construction';
      readonly evidence: JsonObject;
      readonly final: boolean;
      readonly finalAt?: Instant;
      /** What was made for the grant is gone, and the same access stands beside it: somebody else gave it, and nobody here removes it. */
      readonly standing?: true;
      /** What can survive this end, where that shows only now. Absent: what was said when the access was made. */
      readonly residual?: Residual;
    };

/** What is remembered about a credential: enough to prove that it has expired, useless to an attacker. */
export interface CredentialFacts {
  /** SHA-256 of the access key id or token, hex. */
  readonly fingerprint: string;
  readonly issuedAt: Instant;
  /** The cloud's own expiry; may lie after `endsAt`, which the issued policy enforces. */
  readonly expiresAt: Instant;
  /** SHA-256 of the policy document that bounds it, hex; `null` when the method issues none. */
  readonly policyHash: string | null;
}

export interface IssuedCredential {
  readonly facts: CredentialFacts;
  /** The earlier of the cloud's expiry and the grant's end: when the holder must come back. */
  readonly usableUntil: Instant;
  readonly secret: AwsCredential;
}

/** A certificate that was issued. Like a credential it is not kept; what is remembered says its serial. */
export interface IssuedCertificate {
  readonly facts: CredentialFacts;
  readonly usableUntil: Instant;
  readonly certificate: AwsCertificate;
}

/** STS credentials. Exists only in memory on its way to the holder. */
export interface AwsCredential {
  readonly kind: 'aws';
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

/** The last run of a sweeper, as it says itself. */
export interface SweeperRun {
  readonly name: string;
  readonly at: Instant;
  /** What it could not look at, or could not end. */
  readonly failures: number;
  /** What a person has to judge. */
  readonly alarms: number;
}

/**
 * A certificate for a key that its holder has, and what the holder needs to make AWS sessions with both. No secret: useless without the key.
 */
export interface AwsCertificate {
  /** PEM. */
  readonly pem: string;
  /** Hex. */
  readonly serial: string;
  readonly roleArn: string;
  readonly profileArn: string;
  readonly trustAnchorArn: string;
  readonly region: string;
}

/** A target, and the roles that can be asked for there. */
export interface DoctorPlace {
  readonly target: Target;
  readonly roles: readonly Role[];
}

export interface DoctorFinding {
  /** Key of the target; the provider's name for what concerns all of them. */
  readonly target: string;
  readonly ok: boolean;
  readonly message: string;
  /** A command to run; absent when all is well. */
  readonly fix?: string;
}
