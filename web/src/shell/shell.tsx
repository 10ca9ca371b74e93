import { Link, Outlet, useRouterState } from '@tanstack/react-router';
import { lazy, Suspense, useMemo, useRef, useState } from 'react';
import { useQueryClient } from '@tanstack/react-query';
import { useWaiting } from '../data/approvals.ts';
import { useLiveUpdates, useLine } from '../data/events.ts';
import { useServer, type Me } from '../data/session.ts';
import { Mark, Wordmark } from '../ui/mark.tsx';
import { IconButton } from '../ui/button.tsx';
import { HelpIcon, MoreIcon, OfflineIcon, SearchIcon, WarningIcon } from '../ui/icons.ts';
import { ActiveCounter } from './active-counter.tsx';
import { Clock } from './clock.tsx';
import { destinationsFor, type Destination } from './destinations.ts';
import { HelpDialog } from './help-dialog.tsx';
import { News } from './news.tsx';
import { PersonMenu } from './person-menu.tsx';
import { SessionNotice } from './session-end.tsx';
import { useShortcuts } from './shortcuts.ts';
import { waitsWords, type Waits } from './waits-words.ts';
import { ChoiceMenu } from '../ui/overlays.tsx';
import { Unseen } from '../ui/signs.tsx';
import { useNavigate } from '@tanstack/react-router';
import classes from './shell.module.css';

const Palette = lazy(() => import('./palette.tsx'));

/** So many places fit into the bar of a phone. */
const IN_BAR = 4;

/** What stands around every page of somebody who is signed in. */
export function Shell({ me }: { readonly me: Me }) {
  const server = useServer();
  const waiting = useWaiting().data;
  const waits = waiting === undefined ? null : waitsWords(waiting.items.length, waiting.more);
  const destinations = useMemo(() => destinationsFor(me), [me]);
  const inNavigation = useMemo(() => destinations.filter(({ aside }) => aside !== true), [destinations]);
  const [help, setHelp] = useState(false);
  const [palette, setPalette] = useState<'unused' | 'open' | 'closed'>('unused');
  const openers = useRef({ help: () => setHelp(true), palette: () => setPalette('open') });
  useShortcuts(destinations, openers.current);
  useLiveUpdates(useQueryClient());
  return (
    <div className={classes['shell']}>
      <a className={classes['skip']} href="#main">
        Skip to the page
      </a>
      <aside className={classes['side']}>
        <Link to="/" className={classes['brand']} aria-label="Curfew, home">
          <Wordmark />
        </Link>
        <nav aria-label="Pages" className={classes['nav']}>
          {inNavigation.map((one) => (
            <Place key={one.to} place={one} waits={one.to === '/approvals' ? waits : null} />
          ))}
        </nav>
        <div className={classes['foot']}>
          {server.data?.demo === true && (
            <p className={classes['demo']}>
              <WarningIcon size={14} aria-hidden="true" /> Demo: simulated clouds, made-up people
            </p>
          )}
          <p>Every privilege has a curfew.</p>
        </div>
      </aside>
      <div className={classes['rest']}>
        <header className={classes['top']}>
          <Link to="/" className={classes['smallBrand']} aria-label="Curfew, home">
            <Mark size={26} />
          </Link>
          {server.data?.demo === true && <span className={classes['demoShort']}>Demo</span>}
          <button type="button" className={classes['search']} onClick={openers.current.palette}>
            <SearchIcon size={16} aria-hidden="true" />
            <span>Search access or go to…</span>
            <kbd>Ctrl K</kbd>
          </button>
          <div className={classes['tools']}>
            <ActiveCounter />
            <Clock />
            <span className={classes['wideOnly']}>
              <IconButton label="Keys and help" icon={HelpIcon} onClick={openers.current.help} />
            </span>
            <PersonMenu me={me} onHelp={openers.current.help} />
          </div>
        </header>
        <LineBanner />
        <SessionNotice me={me} />
        <main id="main" tabIndex={-1} className={classes['main']}>
          <Outlet />
        </main>
      </div>
      <Bar destinations={inNavigation} waits={waits} />
      <HelpDialog opened={help} onClose={() => setHelp(false)} destinations={destinations} />
      {palette !== 'unused' && (
        <Suspense>
          <Palette destinations={destinations} opened={palette === 'open'} onClose={() => setPalette('closed')} />
        </Suspense>
      )}
      <News me={me} />
    </div>
  );
}

function Place({
  place: { to, label, icon: IconOf },
  waits,
}: {
  readonly place: Destination;
  readonly waits: Waits | null;
}) {
  return (
    <Link to={to} className={classes['place']} activeOptions={{ exact: to === '/', includeSearch: false }}>
      <IconOf size={18} aria-hidden="true" />
      {label}
      {waits !== null && (
        <>
          <span className={classes['waits']} aria-hidden="true">
            {waits.count}
          </span>
          <Unseen>{waits.words}</Unseen>
        </>
      )}
    </Link>
  );
}

/** The navigation of a narrow window, at the thumb. */
function Bar({ destinations, waits }: { readonly destinations: readonly Destination[]; readonly waits: Waits | null }) {
  const navigate = useNavigate();
  const here = useRouterState({ select: (state) => state.location.pathname });
  const shown = destinations.length <= IN_BAR + 1 ? destinations : destinations.slice(0, IN_BAR);
  const more = destinations.slice(shown.length);
  return (
    <nav aria-label="Pages" className={classes['bar']}>
      {shown.map((one) => (
        <Place key={one.to} place={one} waits={one.to === '/approvals' ? waits : null} />
      ))}
      {more.length > 0 && (
        <ChoiceMenu
          button={
            <button type="button" className={classes['place']}>
              <MoreIcon size={18} aria-hidden="true" />
              More
            </button>
          }
          choices={more.map(({ to, label, icon }) => ({
            label,
            icon,
            chosen: here.startsWith(to),
            choose: () => void navigate({ to }),
          }))}
        />
      )}
    </nav>
  );
}

/** Says that what is shown may be old, and that it is being mended. */
function LineBanner() {
  const line = useLine();
  if (line === 'live' || line === 'connecting') return null;
  return (
    <p className={classes['line']} role="status">
      <OfflineIcon size={16} aria-hidden="true" />
      {line === 'offline'
        ? 'This machine is offline. Times go on; changes are not shown, and nothing can be asked for.'
        : 'The line to the server is down and is being tried again. What is shown may be old.'}
    </p>
  );
}
