import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
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

export const router = createRouter({
  routeTree: root.addChildren([home]),
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
