import { parseId } from '../core/ids.ts';
import type { Instant } from '../core/time.ts';
import { findGrant, type GrantRecord } from '../store/grants.ts';
import { findRecovery } from '../store/passkey-recoveries.ts';
import { allOfHuman, humanOf } from '../store/people.ts';
import { findProposal } from '../store/proposals.ts';
import { approvalsOf } from '../store/approvals.ts';
import { findRequest } from '../store/requests.ts';
import { findRevocation } from '../store/revocations.ts';
import { judge, mayAlways } from './authorisation.ts';
import type { Change } from './changes.ts';
import {
  partiesOf,
  standingsToGrant,
  standingToOrder,
  standingToProposal,
  standingToRecovery,
  standingToRequest,
  standingToStop,
} from './standing.ts';
import type { Actor, World } from './world.ts';

/** Whether somebody may know of a change, and where they do whether it is of their own: what they hold or asked for, are asked to decide, or are stopped by. */
export type Sight = boolean | 'own';
/** `null` is whoever looks on without a sign-in, where that is allowed. */
export type Sees = (viewer: Actor | null) => Promise<Sight>;

const NOBODY: Sees = () => Promise.resolve(false);

/**
 * Who may be told that something changed: exactly those who may see it. An id alone says already that somebody asked for
 * something, so it goes by the same rules as the thing. What is needed for all viewers is looked up once.
 */
export async function whoMaySee(world: World, change: Change): Promise<Sees> {
  switch (change.kind) {
    case 'grant': {
      const id = parseId('grt', change.id);
      const grant = id === null ? null : await findGrant(world.db, id);
      return sightOfGrant(world, grant, change.at);
    }
    case 'policy':
      return (viewer) => Promise.resolve(viewer !== null && judge('showPolicy', viewer) === null);
    case 'session':
      return NOBODY;
    case 'request': {
      const id = parseId('req', change.id);
      const request = id === null ? null : await findRequest(world.db, id);
      if (request === null) return NOBODY;
      const said = (await approvalsOf(world.db, [request.id])).get(request.id) ?? [];
      return async (viewer) => {
        if (viewer === null) return false;
        const standing = await standingToRequest(world, world.db, viewer, request, said);
        if (judge('showRequest', viewer, standing) !== null) return false;
        return standing.relation === 'other' || 'own';
      };
    }
    case 'revocation': {
      const id = parseId('rev', change.id);
      const order = id === null ? null : await findRevocation(world.db, id);
      if (order === null) return NOBODY;
      const subject = order.scope.kind === 'person' ? await allOfHuman(world.db, order.scope.person) : [];
      return async (viewer) => {
        if (viewer === null) return false;
        const isSubject = subject.includes(viewer.person);
        // Whose access it stops reads so at once, and also that it does not any more.
        if (judge('listStops', viewer, await standingToStop(world, viewer, order, isSubject)) === null) return 'own';
        return judge('showRevocation', viewer, standingToOrder(world, viewer, order, isSubject)) === null;
      };
    }
    case 'recovery': {
      const id = parseId('rcv', change.id);
      const recovery = id === null ? null : await findRecovery(world.db, id);
      if (recovery === null) return NOBODY;
      const now = world.clock.now();
      return async (viewer) => {
        if (viewer === null) return false;
        const standing = await standingToRecovery(world, world.db, viewer, recovery, now);
        // That it is confirmed is told to whoever was asked to; what comes of it then is between its owner and their new passkey.
        if (recovery.openUntil !== null && recovery.closedAt !== null) return standing.relation === 'own';
        return judge('listRecoveries', viewer, standing) === null;
      };
    }
    case 'proposal': {
      const id = parseId('prp', change.id);
      const proposal = id === null ? null : await findProposal(world.db, id);
      if (proposal === null) return NOBODY;
      const parties = await partiesOf(world, world.db, proposal);
      return async (viewer) =>
        viewer !== null &&
        judge('listAdministration', viewer, standingToProposal(await humanOf(world.db, viewer.person), parties)) ===
          null;
    }
  }
}

/** Of the end of a grant hears whoever saw it until then: a list of who has power now has to drop it. Of what comes later, who may see it still. */
function sightOfGrant(world: World, grant: GrantRecord | null, at: Instant): Sees {
  const isPast = grant !== null && 'endedAt' in grant.state && at > grant.state.endedAt;
  const operation = isPast ? 'showPastGrant' : 'showGrant';
  let standings: ReturnType<typeof standingsToGrant> | null = null;
  return async (viewer) => {
    if (viewer === null) return !isPast;
    if (viewer.person === grant?.person) return 'own';
    if (mayAlways(operation, viewer)) return true;
    if (grant === null) return false;
    standings ??= standingsToGrant(world, world.db, grant);
    return judge(operation, viewer, { ...(await standings)(viewer), over: isPast }) === null;
  };
}
