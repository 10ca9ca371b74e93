import { AwsError } from './aws-error.ts';
import { parsePolicy } from './policy-parse.ts';
import type { QueryCall } from './query-service.ts';
import type { Session } from './sessions.ts';
import type { World } from './world.ts';
import { element, type XmlNode } from './xml.ts';

export const NAME = /^[\w+=,.@-]+$/;

/** How long a change of a policy is not seen: by authorization, and by IAM's own reads. */
export type Delays = { readonly authorizationMs: number; readonly readMs: number };

/** When IAM's own reads see a change of now: without a delay at once, whatever the clock says later. */
export const readAt = ({ readMs }: Delays, nowMs: number): number => (readMs === 0 ? 0 : nowMs + readMs);

/** What the operations on roles and those on users share. */
export type IamPorts = {
  readonly world: World;
  readonly now: () => number;
  readonly delays: () => Delays;
  /** Throws unless the caller may do it; `boundary` is that of the identity that the call is about. */
  readonly authorized: (
    call: QueryCall,
    action: string,
    resource: (session: Session) => string,
    identity?: { readonly permissionsBoundary: string | null } | null,
  ) => Session;
};

/** Reads a parameter that is a policy document. Throws for one that IAM would not store. */
export function document(call: QueryCall, name: string, kind: 'identity' | 'trust'): string {
  const text = call.parameters.require(name, /^[\u0009\u000A\u000D\u0020-\u00FF]+$/, 1, 131_072);
  parsePolicy(text, kind);
  return text;
}

/** All inline policies of an identity count together, without white space. */
export function withinLimit(policies: Record<string, string>, limit: number, whose: string): Record<string, string> {
  const size = Object.values(policies).join('').replace(/\s/g, '').length;
  if (size <= limit) return policies;
  throw new AwsError('LimitExceeded', 409, `Maximum policy size of ${limit} bytes exceeded for ${whose}`);
}

/** One inline policy. Throws `NoSuchEntity`. */
export function inline(of: 'role' | 'user', policies: Readonly<Record<string, string>>, name: string): string {
  const text = policies[name];
  if (text === undefined)
    throw new AwsError('NoSuchEntity', 404, `The ${of} policy with name ${name} cannot be found.`);
  return text;
}

export function boundaryNode(arn: string | null): XmlNode | null {
  if (arn === null) return null;
  return element('PermissionsBoundary', [
    element('PermissionsBoundaryType', 'Policy'),
    element('PermissionsBoundaryArn', arn),
  ]);
}

/** IAM answers documents percent-encoded (RFC 3986). */
export function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
