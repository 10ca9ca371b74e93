import type { AwsIdentity, DangerousAbility } from '../core/role.ts';
import { INLINE_LIMITS, inlineSize, timedDocument, timedPolicyFlaws } from '../core/timed-policy.ts';
import { count, readPolicyFile, type PolicyRead } from './session-policy.ts';
import type { SourceFile } from './types.ts';

/** As long as any time that a grant will bring. */
const ANY_TIME = '2000-01-01T00:00:00Z';

/**
 * Reads an IAM policy document that is put on people's own identities for the time of a grant. Refused beside what AWS would refuse is
 * everything that could make its end meaningless, each at the line where it stands, and a document that is too long by itself.
 */
export function readTimedPolicy(
  file: SourceFile,
  attachTo: AwsIdentity,
  allows: readonly DangerousAbility[],
): PolicyRead {
  return readPolicyFile(file, 'timed', (document, report) => {
    const list = Array.isArray(document['Statement']);
    for (const { statement, key, message, hint } of timedPolicyFlaws(document, allows))
      report(list ? ['Statement', statement, key] : ['Statement', key], message, hint);
    const size = inlineSize(JSON.stringify(timedDocument(document, ANY_TIME, ANY_TIME)));
    const limit = INLINE_LIMITS[attachTo];
    if (size > limit) {
      const message = `with its times the policy has ${count(size)} characters; AWS takes ${count(limit)} for all inline policies of a ${attachTo} together`;
      report([], message, 'Join statements (each one brings two times), or use wildcards in actions and resources.');
    }
    return [];
  });
}
