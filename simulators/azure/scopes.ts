import { isGuid } from './guid.ts';

/** What a role can be assigned on. `id` is as it was written; scopes are the same where their keys are. */
export type Scope = { readonly id: string; readonly key: string } & (
  | { readonly kind: 'root' }
  | { readonly kind: 'managementGroup'; readonly name: string }
  | { readonly kind: 'subscription'; readonly subscription: string }
  | { readonly kind: 'resourceGroup'; readonly subscription: string; readonly resourceGroup: string }
  | {
      readonly kind: 'resource';
      readonly subscription: string;
      readonly resourceGroup: string;
      /** Ids of the resources that it is a part of, outermost first; the first is not a part of any. */
      readonly within: readonly string[];
    }
);

const MANAGEMENT_GROUP = /^\/providers\/Microsoft\.Management\/managementGroups\/([\w().-]{1,90})$/i;
const IN_SUBSCRIPTION = /^\/subscriptions\/([^/]+)(?:\/resourceGroups\/([^/]+)(?:\/providers\/(.+))?)?$/i;

/** A scope by its id, or null for what is none. Whether it is there is another question. */
export function parseScope(id: string): Scope | null {
  const key = id.toLowerCase();
  if (id === '' || id === '/') return { kind: 'root', id: '/', key: '/' };
  const [, group] = MANAGEMENT_GROUP.exec(id) ?? [];
  if (group !== undefined) return { kind: 'managementGroup', id, key, name: group };
  const [, subscription, resourceGroup, resource] = IN_SUBSCRIPTION.exec(id) ?? [];
  if (subscription === undefined || !isGuid(subscription)) return null;
  if (resourceGroup === undefined) return { kind: 'subscription', id, key, subscription: subscription.toLowerCase() };
  const inside = { subscription: subscription.toLowerCase(), resourceGroup };
  if (resource === undefined) return { kind: 'resourceGroup', id, key, ...inside };
  // A namespace, and then pairs of type and name.
  const parts = resource.split('/');
  if (parts.length % 2 === 0 || parts.length < 3 || parts.includes('')) return null;
  const head = id.slice(0, id.length - resource.length);
  const within = [];
  for (let length = 3; length <= parts.length; length += 2) within.push(head + parts.slice(0, length).join('/'));
  return { kind: 'resource', id, key, ...inside, within };
}

export const managementGroupId = (name: string): string => `/providers/Microsoft.Management/managementGroups/${name}`;
