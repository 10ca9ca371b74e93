import type { CurfewRole } from '../core/administration.ts';
import type {
  AccountId,
  GrantId,
  PasskeyId,
  PersonId,
  ProposalId,
  RecoveryId,
  RequestId,
  RevocationId,
  SessionId,
} from '../core/ids.ts';
import type { Result } from '../core/result.ts';
import type { RecognisedSession, SessionRefusal } from '../operations/browser-sessions.ts';
import type { Change } from '../operations/changes.ts';
import type { RequestInput } from '../operations/check-input.ts';
import type { ApproveInput } from '../operations/decide-request.ts';
import type { ExtensionInput } from '../operations/extend-grant.ts';
import type { CloudFinding } from '../operations/examine-clouds.ts';
import type { CertificateView, CredentialView } from '../operations/issue-credential.ts';
import type { NotificationSettings } from '../operations/notification-settings.ts';
import type { PreviewView } from '../operations/preview-request.ts';
import type { PasskeysView, PasskeyView, RegistrationAnswer } from '../operations/passkeys.ts';
import type { Favourite } from '../operations/favourites.ts';
import type { OperationRefusal } from '../operations/refusal.ts';
import type { SessionView } from '../operations/own-sessions.ts';
import type { StopView } from '../operations/list-stops.ts';
import type { CataloguePage, CatalogueQuery } from '../operations/search-catalogue.ts';
import type { AccountView } from '../operations/linked-accounts.ts';
import type { OrderOutlook } from '../operations/order-outlook.ts';
import type { Page } from '../operations/pages.ts';
import type { PolicyStatus } from '../operations/show-policy.ts';
import type { Explanation, RequestQuery } from '../operations/show-requests.ts';
import type { RevocationView } from '../operations/revocation-view.ts';
import type { RevocationInput } from '../operations/revoke-many.ts';
import type { RecoveryView } from '../operations/recover-passkeys.ts';
import type { ApprovalInput, SignedInput, SigningView } from '../operations/sign-decision.ts';
import type { AssertionResponse, RequestOptions } from '../operations/take-assertion.ts';
import type { Sees } from '../operations/who-may-see.ts';
import type { ExtensionPreview } from '../operations/preview-extension.ts';
import type { Circumstances } from '../operations/show-circumstances.ts';
import type { LiveGrantView } from '../operations/show-grants.ts';
import type { GrantView, RequestView } from '../operations/views.ts';
import type { Operation, OperatorOperation } from '../operations/authorisation.ts';
import type { AuditPage, AuditQuery } from '../operations/search-audit.ts';
import type { AdministrationView } from '../operations/list-administration.ts';
import type { Confirmation } from '../operations/proposals.ts';
import type { ProposalInput } from '../operations/propose.ts';
import type { ProposalView } from '../operations/proposal-view.ts';
import type { Actor } from '../operations/world.ts';
import type { LedgerReads } from './ledger-port.ts';

export type Outcome<Value> = Promise<Result<Value, OperationRefusal>>;

export interface PersonProfile {
  readonly key: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
}

/** Everything that the API can do: the operations, with the world already in them. `bind-operations.ts` makes the real one. */
export interface ApiOperations {
  /** The profile of somebody who may act now; `null` for who is not in the directory or has left. Asked at every request. */
  profile(key: string): PersonProfile | null;
  /** The session of a browser's cookie, which this keeps going, by a use of it or without one; the refusal is for the log. */
  recogniseSession(token: string, isUse: boolean): Promise<Result<RecognisedSession, SessionRefusal>>;
  /** Ends the session of somebody who has left, unless the directory knows nobody at all. */
  endSessionOfLeaver(id: SessionId): Promise<void>;
  /** Whether a sign-in of the command line has not been ended meanwhile. */
  signInStands(id: SessionId): Promise<boolean>;
  signOut(actor: Actor, id: SessionId): Outcome<null>;
  listSessions(actor: Actor): Outcome<readonly SessionView[]>;
  endSession(actor: Actor, id: SessionId): Outcome<null>;
  listAccounts(actor: Actor): Outcome<readonly AccountView[]>;
  /** Whether somebody may begin to link an account now; `shown` is by a passkey of theirs, where they have one. */
  linkAccount(actor: Actor, shown: { readonly response: AssertionResponse } | undefined): Outcome<null>;
  unlinkAccount(actor: Actor, id: AccountId): Outcome<null>;
  /** The roles of Curfew itself that somebody holds. Asked at every request. */
  rolesOf(person: PersonId): Promise<readonly CurfewRole[]>;
  /** The same of everybody: who listens to changes is told by what they are now. */
  roleHolders(): Promise<readonly { readonly person: PersonId; readonly role: CurfewRole }[]>;
  previewRequest(actor: Actor, input: RequestInput): Outcome<PreviewView>;
  requestAccess(actor: Actor, input: RequestInput): Outcome<RequestView>;
  approveRequest(actor: Actor, id: RequestId, input: ApproveInput): Outcome<RequestView>;
  /** What has to be signed to approve a request. */
  challengeDecision(actor: Actor, id: RequestId, input: ApprovalInput): Outcome<SigningView>;
  listPasskeys(actor: Actor): Outcome<PasskeysView>;
  askForStepUp(actor: Actor): Outcome<RequestOptions>;
  passkeyOptions(
    actor: Actor,
    shown: { readonly response: AssertionResponse } | undefined,
  ): Outcome<{ readonly options: object }>;
  registerPasskey(
    actor: Actor,
    input: { readonly name: string; readonly response: RegistrationAnswer },
  ): Outcome<PasskeyView>;
  renamePasskey(actor: Actor, id: PasskeyId, name: string): Outcome<PasskeyView>;
  removePasskey(actor: Actor, id: PasskeyId): Outcome<null>;
  askForRecovery(actor: Actor): Outcome<RecoveryView>;
  withdrawRecovery(actor: Actor): Outcome<null>;
  listRecoveries(actor: Actor): Outcome<readonly RecoveryView[]>;
  challengeRecovery(actor: Actor, id: RecoveryId): Outcome<SigningView>;
  confirmRecovery(actor: Actor, id: RecoveryId, signed: SignedInput): Outcome<RecoveryView>;
  denyRequest(actor: Actor, id: RequestId, input: { readonly comment?: string }): Outcome<RequestView>;
  withdrawRequest(actor: Actor, id: RequestId): Outcome<RequestView>;
  showRequest(actor: Actor, id: RequestId): Outcome<RequestView>;
  listRequests(actor: Actor, query: RequestQuery): Outcome<Page<RequestView>>;
  explainRequest(actor: Actor, id: RequestId): Outcome<Explanation>;
  showCircumstances(actor: Actor, id: RequestId): Outcome<Circumstances>;
  showGrant(actor: Actor, id: GrantId): Outcome<GrantView>;
  listGrants(actor: Actor, query: GrantQuery): Outcome<Page<GrantView>>;
  /** Without an actor: as the demo shows it to whoever looks. */
  listLive(
    actor: Actor | null,
    query: { readonly cursor: string | null; readonly limit: number; readonly ids?: readonly GrantId[] },
  ): Outcome<Page<LiveGrantView>>;
  returnGrant(actor: Actor, id: GrantId): Outcome<GrantView>;
  extendGrant(actor: Actor, id: GrantId, input: ExtensionInput): Outcome<RequestView>;
  previewExtension(actor: Actor, id: GrantId, input: ExtensionInput): Outcome<ExtensionPreview>;
  revokeGrant(actor: Actor, id: GrantId, input: { readonly reason: string }): Outcome<GrantView>;
  foreseeOrder(actor: Actor, about: { readonly person: string }): Outcome<OrderOutlook>;
  orderRevocation(actor: Actor, input: RevocationInput): Outcome<RevocationView>;
  confirmRevocation(actor: Actor, id: RevocationId): Outcome<RevocationView>;
  liftRevocation(actor: Actor, id: RevocationId, input: { readonly reason: string }): Outcome<RevocationView>;
  showRevocation(actor: Actor, id: RevocationId): Outcome<RevocationView>;
  listStops(actor: Actor): Outcome<readonly StopView[]>;
  listRevocations(actor: Actor, query: RevocationQuery): Outcome<Page<RevocationView>>;
  issueCredential(actor: Actor, id: GrantId): Outcome<CredentialView>;
  issueCertificate(actor: Actor, id: GrantId, input: { readonly publicKey: string }): Outcome<CertificateView>;
  openConsole(actor: Actor, id: GrantId): Outcome<{ readonly url: string }>;
  listFavourites(actor: Actor): Outcome<readonly Favourite[]>;
  keepFavourites(actor: Actor, items: readonly Favourite[]): Outcome<readonly Favourite[]>;
  searchCatalogue(actor: Actor, query: CatalogueQuery): Result<CataloguePage, OperationRefusal>;
  showNotifications(actor: Actor): Outcome<NotificationSettings>;
  saveNotifications(actor: Actor, kinds: NotificationSettings['kinds']): Outcome<NotificationSettings>;
  muteRequest(actor: Actor, id: RequestId, muted: boolean): Outcome<NotificationSettings>;
  /** On the targets that the actor answers for; takes seconds. */
  examineClouds(actor: Actor): Promise<readonly CloudFinding[]>;
  searchAudit(actor: Actor, query: AuditQuery): Outcome<AuditPage>;
  listAdministration(actor: Actor): Outcome<AdministrationView>;
  claimAdministration(actor: Actor, input: { readonly code: string }): Outcome<AdministrationView>;
  propose(actor: Actor, input: ProposalInput, assertion?: SignedInput): Outcome<ProposalView>;
  challengeProposing(actor: Actor, input: ProposalInput): Outcome<SigningView>;
  challengeProposal(actor: Actor, id: ProposalId, input?: Pick<Confirmation, 'seen'>): Outcome<SigningView>;
  confirmProposal(actor: Actor, id: ProposalId, input?: Confirmation): Outcome<ProposalView>;
  refuseProposal(actor: Actor, id: ProposalId): Outcome<ProposalView>;
  showPolicy(actor: Actor): Result<PolicyStatus, OperationRefusal>;
  /** The same for the broker's own readiness and metrics. */
  policyStatus(): PolicyStatus;
  /** Who may be told of a change. */
  whoMaySee(change: Change): Promise<Sees>;
  /** Which of some sign-ins, of browsers and of command lines, have not been ended. */
  standingSignIns(ids: readonly SessionId[]): Promise<ReadonlySet<SessionId>>;
  subscribe(listener: (change: Change) => void): () => void;
}

export interface RevocationQuery {
  readonly list: 'standing' | 'all';
  readonly cursor: string | null;
  readonly limit: number;
}

export interface GrantQuery {
  /** `all`: everything that I may list, over or not. */
  readonly scope: 'mine' | 'live' | 'all';
  readonly role?: string;
  readonly target?: string;
  readonly cursor: string | null;
  readonly limit: number;
}

/** What nobody acts through: it is asked before there is an actor, or by the broker itself. `whoMaySee` judges by the rows of what changed. */
type Unacted =
  | 'profile'
  | 'rolesOf'
  | 'roleHolders'
  | 'recogniseSession'
  | 'endSessionOfLeaver'
  | 'signInStands'
  | 'standingSignIns'
  | 'whoMaySee'
  | 'policyStatus'
  | 'subscribe';

/** What comes with the answer of another operation, to some of those who get that. */
type Part = 'listConflicts' | 'nameConfirmers' | 'showPastGrant' | 'readEntry';

type Acted = Exclude<keyof ApiOperations, Unacted> | Part | `export${Capitalize<keyof LedgerReads>}`;

/** Compiles only while everything that can be done has its row in the table of `operations/authorisation.ts`, and no row is for nothing. */
export const TABLE_COVERS_OPERATIONS: readonly [
  [Exclude<Acted, Operation>] extends [never] ? true : { readonly missingInTable: Exclude<Acted, Operation> },
  [Exclude<Operation, Acted | OperatorOperation>] extends [never]
    ? true
    : { readonly missingInApi: Exclude<Operation, Acted | OperatorOperation> },
  [Extract<Acted, OperatorOperation>] extends [never]
    ? true
    : { readonly notForTheApi: Extract<Acted, OperatorOperation> },
] = [true, true, true];
