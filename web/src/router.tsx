import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import { readAuditSearch } from './pages/audit/words.ts';
import { readSearch } from './pages/catalogue/shown.ts';
import { readDraft } from './pages/request/draft.ts';
import { readScope } from './pages/requests/scope.ts';
import { readWayBack } from './passkeys/way-back.ts';
import { App } from './shell/app.tsx';
import { BrokenPage, LostPage } from './shell/lost-page.tsx';
import { Waiting } from './ui/card.tsx';

/** A page loads when somebody goes there. The server serves the portal at these addresses only (`src/api/pages/portal.ts`). */
const root = createRootRoute({ component: App, notFoundComponent: LostPage });

const home = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/home/home.tsx'), 'Home'),
});

const request = createRoute({
  getParentRoute: () => root,
  path: '/request',
  validateSearch: readDraft,
  component: lazyRouteComponent(() => import('./pages/request/request.tsx'), 'Request'),
});

const requests = createRoute({
  getParentRoute: () => root,
  path: '/requests',
  validateSearch: readScope,
  component: lazyRouteComponent(() => import('./pages/requests/requests.tsx'), 'Requests'),
});

const oneRequest = createRoute({
  getParentRoute: () => root,
  path: '/requests/$id',
  component: lazyRouteComponent(() => import('./pages/requests/one-request.tsx'), 'OneRequest'),
});

const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  component: lazyRouteComponent(() => import('./pages/approvals/approvals.tsx'), 'Approvals'),
});

const noApproval = createRoute({
  getParentRoute: () => approvals,
  path: '/',
  component: lazyRouteComponent(() => import('./pages/approvals/approvals.tsx'), 'NoneChosen'),
});

const oneApproval = createRoute({
  getParentRoute: () => approvals,
  path: '$id',
  component: lazyRouteComponent(() => import('./pages/approvals/one-approval.tsx'), 'OneApproval'),
});

const live = createRoute({
  getParentRoute: () => root,
  path: '/live',
  component: lazyRouteComponent(() => import('./pages/live/live.tsx'), 'LivePage'),
});

const orders = createRoute({
  getParentRoute: () => root,
  path: '/orders',
  component: lazyRouteComponent(() => import('./pages/orders/orders.tsx'), 'Orders'),
});

const oneOrder = createRoute({
  getParentRoute: () => root,
  path: '/orders/$id',
  component: lazyRouteComponent(() => import('./pages/orders/one-order.tsx'), 'OneOrder'),
});

const me = createRoute({
  getParentRoute: () => root,
  path: '/me',
  validateSearch: readWayBack,
  component: lazyRouteComponent(() => import('./pages/me/me.tsx'), 'MePage'),
});

const administration = createRoute({
  getParentRoute: () => root,
  path: '/administration',
  component: lazyRouteComponent(() => import('./pages/administration/administration.tsx'), 'AdministrationPage'),
});

const signedIn = createRoute({
  getParentRoute: () => root,
  path: '/signed-in',
  component: lazyRouteComponent(() => import('./pages/signed-in/signed-in.tsx'), 'SignedIn'),
});

const recovery = createRoute({
  getParentRoute: () => root,
  path: '/recovery',
  component: lazyRouteComponent(() => import('./pages/recovery/recovery.tsx'), 'RecoveryPage'),
});

const catalogue = createRoute({
  getParentRoute: () => root,
  path: '/catalogue',
  validateSearch: readSearch,
  component: lazyRouteComponent(() => import('./pages/catalogue/catalogue.tsx'), 'Catalogue'),
});

const oneRole = createRoute({
  getParentRoute: () => root,
  path: '/catalogue/$role',
  component: lazyRouteComponent(() => import('./pages/catalogue/one-role.tsx'), 'OneRole'),
});

const audit = createRoute({
  getParentRoute: () => root,
  path: '/audit',
  validateSearch: readAuditSearch,
  component: lazyRouteComponent(() => import('./pages/audit/audit.tsx'), 'Audit'),
});

const oneEntry = createRoute({
  getParentRoute: () => root,
  path: '/audit/$seq',
  component: lazyRouteComponent(() => import('./pages/audit/one-entry.tsx'), 'OneEntry'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    home,
    request,
    requests,
    oneRequest,
    approvals.addChildren([noApproval, oneApproval]),
    live,
    orders,
    oneOrder,
    catalogue,
    oneRole,
    audit,
    oneEntry,
    me,
    recovery,
    administration,
    signedIn,
  ]),
  defaultPreload: 'intent',
  defaultPendingComponent: Waiting,
  defaultErrorComponent: BrokenPage,
  scrollRestoration: true,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
