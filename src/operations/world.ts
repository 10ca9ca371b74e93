import type { CurfewRole } from '../core/administration.ts';
import type { SourceStatus } from '../core/directory-source.ts';
import type { DirectorySnapshot } from '../core/directory.ts';
import type { Finding } from '../core/finding.ts';
import type { PersonId, SessionId } from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { ProviderName } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { Append } from '../ledger/append.ts';
import type { Clock } from '../platform/clock.ts';
import type { Log } from '../platform/log.ts';
import type { Random } from '../platform/random.ts';
import type { PolicySet } from '../policy/load.ts';
import type { PolicyProblem, RequestContext } from '../policy/types.ts';
import type { Provider } from '../providers/contract.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { AccountConflict } from '../store/linked-accounts.ts';
import type { Db } from '../store/schema.ts';
import type { Changes } from './changes.ts';
import type { AlarmPlace, DirectoryAlarm } from './raise-alarms.ts';

/** What operations touch; the composition root and the simulation each put one together. */
export interface World {
  readonly db: Db;
  readonly clock: Clock;
  readonly random: Random;
  readonly rules: Rules;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly changes: Changes;
  readonly log: Log;
  /** Counts an expression that could not be judged, for the metrics; absent where nobody reads them. */
  readonly countAlarm?: (place: AlarmPlace) => void;
  /** Counts a finding, for the metrics; absent where nobody reads them. */
  readonly countFinding?: (finding: Finding) => void;
  /** Counts what is wrong with people and their accounts, for the metrics; absent where nobody reads them. */
  readonly countDirectoryAlarm?: (alarm: DirectoryAlarm) => void;
  /** Writes ledger entries in the transaction of the change they explain. */
  readonly append: Append;
  /** Tells the engine that something is to be started or ended now. */
  readonly wake: (what: 'starts' | 'ends') => void;
  /** Takes access away although the database takes no writes. */
  readonly endUnrecorded: (
    grant: GrantRecord,
    cause: 'returned' | 'revoked',
    by: { readonly person: PersonId; readonly reason: string | null },
  ) => Promise<void>;
  /** How passkeys are registered here, and on which pages they are used. */
  readonly passkeys: PasskeyCeremony;
  /** How long a request waits for a decision before it lapses. */
  readonly lapsesAfterMs: number;
  /** Requests that one person may have waiting at once: enough for work, too few to wear approvers down. */
  readonly maxPending: number;
}

/** The rules and the people in force. One snapshot of each is used for one decision. */
export interface Rules {
  current(): RulesInForce;
}

export interface RulesInForce {
  readonly policy: PolicySet;
  readonly directory: DirectorySnapshot;
  readonly loadedAt: Instant;
  /** Problems of newer documents that were refused; the old ones stay in force meanwhile. */
  readonly problems: readonly PolicyProblem[];
  /** Where people come from and how old that is; absent where nobody is told. */
  readonly sources?: readonly SourceStatus[];
  /** Accounts that two persons claim. */
  readonly conflicts?: readonly AccountConflict[];
}

/** Who acts, as established by a verified token. */
export interface Actor {
  /** Workloads and agents cannot sign in yet; what they may do is settled (`authorisation.ts`). */
  readonly kind: 'person' | 'workload' | 'agent';
  readonly person: PersonId;
  /** Directory key. */
  readonly key: string;
  /** The roles of Curfew itself that they hold; what changes roles reads them again. */
  readonly roles: readonly CurfewRole[];
  readonly context: RequestContext;
  /** Which sign-in this is; absent where nobody knows, and then nothing is done that takes a fresh one. */
  readonly signIn?: ActorSignIn;
}

/** One sign-in at the company's provider, which many tokens or a cookie come from. */
export interface ActorSignIn {
  /** The same for everything that comes from one sign-in, and for nothing else of that person. */
  readonly id: SessionId;
  /** When that provider authenticated the person; `null`: it did not say. */
  readonly authenticatedAt: Instant | null;
}

/** Registers passkeys (WebAuthn level 3, section 7.1). The composition root puts the real one here. */
export interface PasskeyCeremony {
  /** The address of this broker, which is the only one on which its passkeys work. */
  readonly origin: string;
  /** Its host name, which browsers keep passkeys by; `null`: it is known by a number, and there can be none. */
  readonly rpId: string | null;
  /** What a browser needs to make a passkey (`PublicKeyCredentialCreationOptionsJSON`). */
  options(wanted: {
    readonly challenge: string;
    readonly person: PersonId;
    readonly name: string;
    readonly displayName: string;
    /** Credentials that the person has already. */
    readonly exclude: readonly { readonly id: string; readonly transports: readonly string[] }[];
  }): Promise<object>;
  /** Reads the answer of a browser. Refuses in words what does not answer the challenge, or is of a kind that is not taken here. */
  verify(response: object, challenge: string): Promise<Result<NewCredential, string>>;
}

/** A passkey as an authenticator made it. */
export interface NewCredential {
  /** base64url. */
  readonly id: string;
  /** DER of the SubjectPublicKeyInfo in base64. */
  readonly publicKey: string;
  readonly counter: number;
  readonly synced: boolean;
  readonly transports: readonly string[];
  /** How the device proved what it is, and its model; `null` where that was not asked for. */
  readonly attestation: { readonly format: string; readonly aaguid: string } | null;
}
