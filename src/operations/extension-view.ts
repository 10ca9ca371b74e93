import type { GrantId } from '../core/ids.ts';
import { toIso, type Instant } from '../core/time.ts';
import type { GrantRecord } from '../store/grants.ts';
import type { RequestRecord } from '../store/requests.ts';
import { grantIsOver } from './grant-shape.ts';

/** A later end that was asked for. `status`: what has become of it, in one word. */
export interface ExtensionView {
  readonly grant: GrantId;
  readonly until: string;
  readonly status: (typeof EXTENSION_STATES)[number];
}

/** `ended-first`: the grant was over before the later end was decided, or written. */
export const EXTENSION_STATES = ['pending', 'writing', 'extended', 'refused', 'ended-first', 'closed'] as const;

/** How an extension stands; `until` is the end that it comes to by what has been approved. `null`: the request is none. */
export function extensionView(
  request: RequestRecord,
  until: Instant | null,
  own: readonly GrantRecord[],
  now: Instant,
): ExtensionView | null {
  const { extends: asked, state } = request;
  if (asked === null || until === null) return null;
  const grant = own.find(({ id }) => id === asked.grant);
  const isOver = grant === undefined || grantIsOver(grant, now);
  const view = { grant: asked.grant, until: toIso(until) };
  if (asked.outcome !== null) return { ...view, status: asked.outcome };
  // What lapsed with a restored database did not lapse with the grant, whatever became of that since.
  const closed = state.kind === 'withdrawn' || (state.kind === 'lapsed' && state.cause === 'new-epoch');
  if (isOver && !closed) return { ...view, status: 'ended-first' };
  if (state.kind === 'approved') return { ...view, status: 'writing' };
  return { ...view, status: state.kind === 'pending' ? 'pending' : 'closed' };
}
