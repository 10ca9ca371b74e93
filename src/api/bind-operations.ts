import { groupsOf } from '../core/directory.ts';
import { endSessionOfLeaver, recogniseSession } from '../operations/browser-sessions.ts';
import { claimAdministration } from '../operations/claim-administration.ts';
import { approveRequest, denyRequest, withdrawRequest } from '../operations/decide-request.ts';
import { challengeDecision } from '../operations/sign-decision.ts';
import { returnGrant, revokeGrant } from '../operations/end-grant.ts';
import { examineClouds, type CloudFinding } from '../operations/examine-clouds.ts';
import { extendGrant } from '../operations/extend-grant.ts';
import { keepFavourites, listFavourites } from '../operations/favourites.ts';
import { issueCertificate, issueCredential, openConsole } from '../operations/issue-credential.ts';
import { listAdministration } from '../operations/list-administration.ts';
import { askToLink, listAccounts, unlinkAccount } from '../operations/linked-accounts.ts';
import { listRevocations } from '../operations/list-revocations.ts';
import { listStops } from '../operations/list-stops.ts';
import { muteRequest, saveNotifications, showNotifications } from '../operations/notification-settings.ts';
import {
  askForStepUp,
  listPasskeys,
  passkeyOptions,
  registerPasskey,
  removeOwnPasskey,
  renameOwnPasskey,
} from '../operations/passkeys.ts';
import {
  askForRecovery,
  challengeRecovery,
  confirmRecovery,
  listRecoveries,
  withdrawRecovery,
} from '../operations/recover-passkeys.ts';
import { foreseeOrder } from '../operations/order-outlook.ts';
import { cliSignInStands, endOwnSession, listOwnSessions, standingSignIns } from '../operations/own-sessions.ts';
import { previewExtension } from '../operations/preview-extension.ts';
import { previewRequest } from '../operations/preview-request.ts';
import { challengeProposing, propose } from '../operations/propose.ts';
import { challengeProposal, confirmProposal, refuseProposal } from '../operations/proposals.ts';
import { requestAccess } from '../operations/request-access.ts';
import {
  confirmRevocationOrder,
  liftRevocationOrder,
  orderRevocation,
  showRevocation,
} from '../operations/revoke-many.ts';
import { searchAudit } from '../operations/search-audit.ts';
import { searchCatalogue } from '../operations/search-catalogue.ts';
import { showCircumstances } from '../operations/show-circumstances.ts';
import { policyStatus, showPolicy } from '../operations/show-policy.ts';
import { listGrants, listLive, showGrant } from '../operations/show-grants.ts';
import { explainRequest, listRequests, showRequest } from '../operations/show-requests.ts';
import { whoMaySee } from '../operations/who-may-see.ts';
import { NO_MAIL } from '../operations/tell-people.ts';
import type { World } from '../operations/world.ts';
import { roleHolders, rolesOf } from '../store/role-assignments.ts';
import type { ApiOperations } from './operations-port.ts';

/** The real operations on a world; the API sees nothing below them. */
export function bindOperations(
  world: World,
  examineMail: () => Promise<CloudFinding> = async () => NO_MAIL,
): ApiOperations {
  return {
    profile(key) {
      const { directory } = world.rules.current();
      const person = directory.people.get(key);
      if (person === undefined || !person.active) return null;
      return { key, name: person.name, email: person.email, groups: groupsOf(directory, key) };
    },
    recogniseSession: (token, isUse) => recogniseSession(world, token, isUse),
    endSessionOfLeaver: (id) => endSessionOfLeaver(world, id),
    signInStands: (id) => cliSignInStands(world, id),
    signOut: (actor, id) => endOwnSession(world, actor, id, 'signed-out'),
    listSessions: (actor) => listOwnSessions(world, actor),
    endSession: (actor, id) => endOwnSession(world, actor, id, 'revoked'),
    listAccounts: (actor) => listAccounts(world, actor),
    linkAccount: (actor, shown) => askToLink(world, actor, shown),
    unlinkAccount: (actor, id) => unlinkAccount(world, actor, id),
    rolesOf: (person) => rolesOf(world.db, person),
    roleHolders: () => roleHolders(world.db),
    previewRequest: (actor, input) => previewRequest(world, actor, input),
    requestAccess: (actor, input) => requestAccess(world, actor, input),
    approveRequest: (actor, id, input) => approveRequest(world, actor, id, input),
    challengeDecision: (actor, id, input) => challengeDecision(world, actor, id, input),
    listPasskeys: (actor) => listPasskeys(world, actor),
    askForStepUp: (actor) => askForStepUp(world, actor),
    passkeyOptions(actor, shown) {
      const person = world.rules.current().directory.people.get(actor.key);
      const who = { name: person?.email ?? actor.key, displayName: person?.name ?? actor.key };
      return passkeyOptions(world, actor, who, shown);
    },
    registerPasskey: (actor, input) => registerPasskey(world, actor, input),
    renamePasskey: (actor, id, name) => renameOwnPasskey(world, actor, id, name),
    removePasskey: (actor, id) => removeOwnPasskey(world, actor, id),
    askForRecovery: (actor) => askForRecovery(world, actor),
    withdrawRecovery: (actor) => withdrawRecovery(world, actor),
    listRecoveries: (actor) => listRecoveries(world, actor),
    challengeRecovery: (actor, id) => challengeRecovery(world, actor, id),
    confirmRecovery: (actor, id, signed) => confirmRecovery(world, actor, id, signed),
    denyRequest: (actor, id, input) => denyRequest(world, actor, id, input),
    withdrawRequest: (actor, id) => withdrawRequest(world, actor, id),
    showRequest: (actor, id) => showRequest(world, actor, id),
    listRequests: (actor, query) => listRequests(world, actor, query),
    explainRequest: (actor, id) => explainRequest(world, actor, id),
    showCircumstances: (actor, id) => showCircumstances(world, actor, id),
    showGrant: (actor, id) => showGrant(world, actor, id),
    listGrants: (actor, query) => listGrants(world, actor, query),
    listLive: (actor, query) => listLive(world, actor, query),
    returnGrant: (actor, id) => returnGrant(world, actor, id),
    extendGrant: (actor, id, input) => extendGrant(world, actor, id, input),
    previewExtension: (actor, id, input) => previewExtension(world, actor, id, input),
    revokeGrant: (actor, id, input) => revokeGrant(world, actor, id, input),
    foreseeOrder: (actor, about) => foreseeOrder(world, actor, about),
    orderRevocation: (actor, input) => orderRevocation(world, actor, input),
    confirmRevocation: (actor, id) => confirmRevocationOrder(world, actor, id),
    liftRevocation: (actor, id, input) => liftRevocationOrder(world, actor, id, input),
    showRevocation: (actor, id) => showRevocation(world, actor, id),
    listStops: (actor) => listStops(world, actor),
    listRevocations: (actor, query) => listRevocations(world, actor, query),
    issueCredential: (actor, id) => issueCredential(world, actor, id),
    issueCertificate: (actor, id, input) => issueCertificate(world, actor, id, input),
    openConsole: (actor, id) => openConsole(world, actor, id),
    listFavourites: (actor) => listFavourites(world, actor),
    keepFavourites: (actor, items) => keepFavourites(world, actor, items),
    searchCatalogue: (actor, query) => searchCatalogue(world, actor, query),
    searchAudit: (actor, query) => searchAudit(world, actor, query),
    showNotifications: (actor) => showNotifications(world, actor),
    saveNotifications: (actor, kinds) => saveNotifications(world, actor, kinds),
    muteRequest: (actor, id, muted) => muteRequest(world, actor, id, muted),
    examineClouds: (actor) => examineClouds(world, actor, examineMail),
    listAdministration: (actor) => listAdministration(world, actor),
    claimAdministration: (actor, input) => claimAdministration(world, actor, input),
    propose: (actor, input, assertion) => propose(world, actor, input, assertion),
    challengeProposing: (actor, input) => challengeProposing(world, actor, input),
    challengeProposal: (actor, id, input) => challengeProposal(world, actor, id, input),
    confirmProposal: (actor, id, input) => confirmProposal(world, actor, id, input),
    refuseProposal: (actor, id) => refuseProposal(world, actor, id),
    showPolicy: (actor) => showPolicy(world, actor),
    policyStatus: () => policyStatus(world),
    whoMaySee: (change) => whoMaySee(world, change),
    standingSignIns: (ids) => standingSignIns(world, ids),
    subscribe: (listener) => world.changes.subscribe(listener),
  };
}
