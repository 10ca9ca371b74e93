import type { AzureNativeEnd } from '../../core/role.ts';
import { toIso, type Instant } from '../../core/time.ts';
import { endSecond } from '../signed-end.ts';

/**
 * A condition (version 2.0) under which the data actions of a role are allowed before its end and at no time after. Azure judges it at every
 * access, by its own clock. An action that is not named passes a condition, so all data actions of the role are.
 * Source: articles/role-based-access-control/conditions-format.md and articles/storage/blobs/storage-auth-abac-attributes.md ("UTC now").
 */
export function endCondition({ actions }: Pick<AzureNativeEnd, 'actions'>, endsAt: Instant): string {
  const others = actions.map((action) => `!(ActionMatches{'${action}'})`).join(' AND ');
  const end = toIso(endSecond(endsAt)).replace('.000Z', '.0Z');
  return `((${others}) OR (@Environment[UtcNow] DateTimeLessThan '${end}'))`;
}

/** Whether two conditions are the same to Azure, whatever white space it keeps. */
export function isSameCondition(one: string | null, other: string | null): boolean {
  const words = (text: string | null): string => (text ?? '').replace(/\s+/g, '');
  return words(one) === words(other);
}
