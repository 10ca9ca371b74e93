import { createHash } from 'node:crypto';
import type { Role } from '../../core/role.ts';
import type { Target } from '../../core/target.ts';

/** Why a binding cannot be, and what to do about it. */
export interface Refusal {
  readonly message: string;
  readonly hint: string;
}

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return GUID.test(text);
}

/**
 * Path of a target in Resource Manager; `null`: there are no role assignments of ours on such a thing. The root of a tenant is left out: whoever
 * is given a role there has it everywhere, and taking it back needs more than the broker may.
 */
export function scopeOf({ kind, native }: Pick<Target, 'kind' | 'native'>): string | null {
  switch (kind) {
    case 'subscription':
      return isGuid(native) ? `/subscriptions/${native.toLowerCase()}` : null;
    case 'resource-group':
      return /^\/subscriptions\/[0-9a-f-]{36}\/resourceGroups\/[\w().-]{1,90}$/i.test(native) ? native : null;
    case 'management-group':
      return /^[\w().-]{1,90}$/.test(native) ? `/providers/Microsoft.Management/managementGroups/${native}` : null;
    default:
      return null;
  }
}

/** A role that another method of Azure's gives, or none. */
export function notBy(method: string, role: Role): Refusal {
  return {
    message: `The role ${role.name} is not given by ${method} on Azure.`,
    hint: 'Choose another role or target.',
  };
}

/** Namespace of the names of our role assignments; random, and never changed. */
const NAMESPACE = Buffer.from('7c3f0d5a9b4e4c52a1d86ef20b97c413', 'hex');

/** A GUID that is the same for the same words (RFC 9562, UUID version 5). */
export function stableGuid(...words: readonly string[]): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(words.join('\n'), 'utf8').digest().subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
