import type { Me } from '../data/session.ts';
import {
  AdministrationIcon,
  ApprovalsIcon,
  AskIcon,
  AuditIcon,
  CatalogueIcon,
  HomeIcon,
  KeyIcon,
  LiveIcon,
  OrderIcon,
  PersonIcon,
  RequestsIcon,
  type Icon,
} from '../ui/icons.ts';

/** A page that the navigation names. Its address stands in `router.tsx` too; tools/portal-pages.test.ts compares the two. */
export interface Destination {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
  /** The letter that goes there after `g`. */
  readonly key: string;
  /** Who sees it. Absent: everybody. */
  readonly for?: (me: Me) => boolean;
  /** Reached from other pages, from the palette and by its key; the navigation does not name it. */
  readonly aside?: true;
}

/** In the order of the navigation. A page is listed once it exists. */
export const DESTINATIONS: readonly Destination[] = [
  { to: '/', label: 'Home', icon: HomeIcon, key: 'h' },
  { to: '/request', label: 'Request', icon: AskIcon, key: 'n' },
  { to: '/requests', label: 'Requests', icon: RequestsIcon, key: 'r' },
  { to: '/approvals', label: 'Approvals', icon: ApprovalsIcon, key: 'a' },
  { to: '/live', label: 'Live', icon: LiveIcon, key: 'l' },
  { to: '/orders', label: 'Stop access', icon: OrderIcon, key: 's', aside: true },
  { to: '/catalogue', label: 'Catalogue', icon: CatalogueIcon, key: 'c' },
  { to: '/audit', label: 'Audit', icon: AuditIcon, key: 'u' },
  {
    to: '/administration',
    label: 'Administration',
    icon: AdministrationIcon,
    key: 'd',
    for: ({ roles }) => roles.includes('admin') || roles.includes('auditor'),
  },
  { to: '/me', label: 'Me', icon: PersonIcon, key: 'm' },
  { to: '/recovery', label: 'Lost passkeys', icon: KeyIcon, key: 'p', aside: true },
];

export function destinationsFor(me: Me): readonly Destination[] {
  return DESTINATIONS.filter((one) => one.for?.(me) ?? true);
}
