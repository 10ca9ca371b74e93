import '@mantine/spotlight/styles.layer.css';
import { createSpotlight, Spotlight } from '@mantine/spotlight';
import { useEffect, type ReactNode } from 'react';
import type { Icon } from './icons.ts';
import { SearchIcon } from './icons.ts';
import classes from './search-palette.module.css';

export interface PaletteAction {
  readonly id: string;
  readonly label: string;
  readonly detail?: ReactNode;
  readonly icon: Icon;
  readonly choose: () => void;
}

export interface PaletteGroup {
  readonly label: string;
  readonly actions: readonly PaletteAction[];
}

const [store, spotlight] = createSpotlight();

/** The palette: type, move with the arrows, Enter. Loaded when it is first asked for. */
export function SearchPalette({
  opened,
  onClose,
  query,
  onQuery,
  groups,
  nothing,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly query: string;
  readonly onQuery: (query: string) => void;
  readonly groups: readonly PaletteGroup[];
  readonly nothing: string;
}) {
  useEffect(() => {
    if (opened) spotlight.open();
    else spotlight.close();
  }, [opened]);
  const filled = groups.filter(({ actions }) => actions.length > 0);
  return (
    <Spotlight.Root
      store={store}
      query={query}
      onQueryChange={onQuery}
      onSpotlightClose={onClose}
      shortcut={null}
      lockScroll={false}
      radius="var(--radius-card)"
      attributes={{ content: { 'aria-label': 'Search access, or go to a page' } }}
      classNames={{ content: classes['content'] ?? '' }}
    >
      <Spotlight.Search
        placeholder="Search access, or go to a page"
        aria-label="Search access, or go to a page"
        onKeyDown={(event) => {
          // The library marks the first answer when something is typed; ours arrive later. Enter means the first one then.
          const list = event.currentTarget.getAttribute('aria-controls');
          const marked = list === null ? null : document.getElementById(list)?.querySelector('[data-selected]');
          if (event.key !== 'Enter' || marked != null) return;
          event.preventDefault();
          filled[0]?.actions[0]?.choose();
          onClose();
        }}
        leftSection={<SearchIcon size={18} aria-hidden="true" />}
        classNames={{ input: classes['input'] ?? '' }}
      />
      <Spotlight.ActionsList>
        {filled.map(({ label, actions }) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {actions.map(({ id, label: name, detail, icon: IconOf, choose }) => (
              <Spotlight.Action key={id} onClick={choose} classNames={{ action: classes['action'] ?? '' }}>
                <IconOf size={18} aria-hidden="true" />
                <span className={classes['words']}>
                  <span>{name}</span>
                  {detail !== undefined && <small>{detail}</small>}
                </span>
              </Spotlight.Action>
            ))}
          </Spotlight.ActionsGroup>
        ))}
        {filled.length === 0 && <Spotlight.Empty>{nothing}</Spotlight.Empty>}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
