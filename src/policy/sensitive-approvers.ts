import type { DirectorySnapshot } from '../core/directory.ts';
import { isSignedTier } from '../core/role.ts';
import type { Instant } from '../core/time.ts';
import { directoryIndex } from './directory-index.ts';
import type { PolicySet } from './rules.ts';

/**
 * The people whom the policies name for approvals of tier 0 and 1, by group, by rotation as it is now, or by name; sorted. Whom only the
 * requester or the target decides (a manager, an owner) is not among them: there is no request here to ask.
 */
export function sensitiveApprovers(policy: PolicySet, directory: DirectorySnapshot, now: Instant): readonly string[] {
  const index = directoryIndex(directory);
  const found = new Set<string>();
  for (const { roles, steps } of policy.policies) {
    if (![...roles].some((role) => isSignedTier(policy.roles.get(role)?.tier ?? 3))) continue;
    for (const selector of steps.flatMap(({ from, escalatesTo }) => [...from, ...escalatesTo]))
      for (const person of named(selector)) if (index.isActive(person)) found.add(person);
  }
  return [...found].sort();

  function named(selector: string): readonly string[] {
    const colon = selector.indexOf(':');
    const name = selector.slice(colon + 1);
    switch (colon < 0 ? selector : selector.slice(0, colon)) {
      case 'group':
        return index.membersOf(name);
      case 'oncall':
        return index.onCall(name, now, now);
      case 'person':
        return [name];
      default:
        return [];
    }
  }
}
