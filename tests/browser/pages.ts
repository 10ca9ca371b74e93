import type { Things } from './furnish.ts';

/** A page as somebody sees it: what is photographed, and examined for accessibility. */
export interface SeenPage {
  readonly name: string;
  /** Who looks; `null`: a stranger. */
  readonly person: string | null;
  readonly path: (things: Things) => string;
}

export const PAGES: readonly SeenPage[] = [
  { name: 'sign-in', person: null, path: () => '/' },
  { name: 'home', person: 'ana', path: () => '/' },
  { name: 'home-empty', person: 'gus', path: () => '/' },
  { name: 'home-stopped', person: 'cem', path: () => '/' },
  { name: 'home-approver', person: 'bo', path: () => '/' },
  { name: 'find', person: 'ana', path: () => '/request?q=invoice' },
  { name: 'ask', person: 'ana', path: () => '/request?role=invoice-reader&target=aws/prod' },
  {
    name: 'ask-several',
    person: 'ana',
    path: () =>
      '/request?role=invoice-reader&target=aws/prod&also=build-log-reader@aws/staging export-checker@aws/prod',
  },
  { name: 'ask-refused', person: 'gus', path: () => '/request?role=invoice-reader&target=aws/prod' },
  { name: 'requests', person: 'ana', path: () => '/requests' },
  { name: 'request-pending', person: 'ana', path: ({ pending }) => `/requests/${pending}` },
  { name: 'request-active', person: 'ana', path: ({ approved }) => `/requests/${approved}` },
  { name: 'request-denied', person: 'ana', path: ({ denied }) => `/requests/${denied}` },
  { name: 'request-over', person: 'ana', path: ({ over }) => `/requests/${over}` },
  { name: 'approvals', person: 'bo', path: () => '/approvals' },
  { name: 'approvals-empty', person: 'gus', path: () => '/approvals' },
  { name: 'approval', person: 'bo', path: ({ pending }) => `/approvals/${pending}` },
  { name: 'approval-over', person: 'bo', path: ({ denied }) => `/approvals/${denied}` },
  { name: 'live', person: 'bo', path: () => '/live' },
  { name: 'orders', person: 'hal', path: () => '/orders' },
  { name: 'orders-empty', person: 'jan', path: () => '/orders' },
  { name: 'order-waiting', person: 'hal', path: ({ everybody }) => `/orders/${everybody}` },
  { name: 'order-done', person: 'eli', path: ({ ofCem }) => `/orders/${ofCem}` },
  { name: 'catalogue', person: 'ana', path: () => '/catalogue' },
  { name: 'catalogue-nothing', person: 'ana', path: () => '/catalogue?q=zzzzz' },
  { name: 'role', person: 'ana', path: () => '/catalogue/invoice-reader' },
  { name: 'audit', person: 'ana', path: () => '/audit' },
  { name: 'entry', person: 'ana', path: () => '/audit/5' },
  { name: 'me', person: 'bo', path: () => '/me' },
  { name: 'signed-in', person: 'ana', path: () => '/signed-in' },
  { name: 'recovery', person: 'rami', path: () => '/recovery' },
  { name: 'recovery-asked', person: 'fay', path: () => '/recovery' },
  { name: 'administration', person: 'eli', path: () => '/administration' },
  { name: 'administration-auditor', person: 'fay', path: () => '/administration' },
  { name: 'lost', person: 'ana', path: () => '/requests/req_nothing' },
];
