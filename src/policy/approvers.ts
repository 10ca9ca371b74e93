import { onCall, type DirectorySnapshot, type Person } from '../core/directory.ts';
import { assertNever } from '../core/result.ts';
import type { Target } from '../core/target.ts';
import type { Instant } from '../core/time.ts';
import type { DirectoryIndex } from './directory-index.ts';

/** What the words of an approval step are resolved against. */
export interface ApproverScope {
  readonly index: DirectoryIndex;
  readonly requester: Person;
  readonly target: Target;
  /** When the request was made. */
  readonly since: Instant;
  readonly now: Instant;
}

/**
 * The persons that selectors such as `oncall:data` mean, sorted, without the requester and without anybody who has left.
 * Whoever was on call at any time since the request was made counts, so that a handover neither takes back an approval
 * that was given nor sends the requester to begin again.
 */
export function approversOf(selectors: readonly string[], scope: ApproverScope): readonly string[] {
  const only = selectors.length === 1 ? selectors[0] : undefined;
  // A single group is common and already sorted: copying is needed only to leave the requester out.
  if (only !== undefined && only.startsWith('group:')) {
    const group = only.slice(6);
    const members = scope.index.membersOf(group);
    const own = scope.index.groupsOf(scope.requester.key).includes(group);
    return own ? members.filter((person) => person !== scope.requester.key) : members;
  }
  const found = new Set<string>();
  for (const selector of selectors) for (const person of resolve(selector, scope)) found.add(person);
  found.delete(scope.requester.key);
  return [...found].sort();
}

/** Keys of whoever is on call at a moment in a rotation that the selectors of a step name themselves. */
export function onCallOf(selectors: readonly string[], directory: DirectorySnapshot, at: Instant): ReadonlySet<string> {
  const rotations = selectors.flatMap((one) => (one.startsWith('oncall:') ? [one.slice(7)] : []));
  return new Set(rotations.flatMap((rotation) => onCall(directory, rotation, at)));
}

function resolve(selector: string, scope: ApproverScope): readonly string[] {
  const { index, requester, target } = scope;
  const colon = selector.indexOf(':');
  const name = selector.slice(colon + 1);
  const kind = (colon < 0 ? selector : selector.slice(0, colon)) as SelectorKind;
  switch (kind) {
    case 'group':
      return index.membersOf(name);
    case 'oncall':
      return index.onCall(name, scope.since, scope.now);
    case 'person':
      return active(name, index);
    case 'manager-of-requester':
      return requester.manager === null ? [] : active(requester.manager, index);
    case 'owner-of-target':
      return target.owners.flatMap((owner) => resolve(owner, scope));
    default:
      return assertNever(kind);
  }
}

/** Every selector that the schema of policies and of targets lets through. */
type SelectorKind = 'group' | 'oncall' | 'person' | 'manager-of-requester' | 'owner-of-target';

function active(person: string, index: DirectoryIndex): readonly string[] {
  return index.isActive(person) ? [person] : [];
}
