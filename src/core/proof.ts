import type { JsonObject } from './json.ts';
import type { Instant } from './time.ts';

/**
 * Why Curfew may say that access is gone.
 *
 * - `observed`: a read-back showed absence, later than the longest time an abandoned call can still land.
 * - `by-construction`: everything that was handed out carries its own end, which has passed; the evidence names the
 *   expiry of each credential and the hash of the policy it was issued under.
 * - `never-provisioned`: no call that could give access was ever dispatched for the grant.
 */
export interface Proof {
  readonly kind: 'observed' | 'by-construction' | 'never-provisioned';
  readonly at: Instant;
  readonly evidence: JsonObject;
}
