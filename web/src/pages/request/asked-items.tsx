import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { PATH_WORDS } from '../../access/path-words.ts';
import { Star } from '../../access/star.tsx';
import { api, ask, type CatalogueItem } from '../../data/api.ts';
import { useDebounced } from '../../data/debounced.ts';
import { TIER_WORDS } from '../../time/wording.ts';
import { Button, ButtonLink, IconButton } from '../../ui/button.tsx';
import { LineField } from '../../ui/fields.tsx';
import { AskIcon, CloseIcon, SearchIcon } from '../../ui/icons.ts';
import { FailureNotice } from '../../ui/notices.tsx';
import { TierSign } from '../../ui/signs.tsx';
import { isSame, MOST_ITEMS, type Item } from './draft.ts';
import classes from './ask-form.module.css';

/** One of the things that are asked for. */
export interface AskedItem extends Item {
  /** `null`: the catalogue does not show it to this person, or is still being asked; the preview says why. */
  readonly entry: CatalogueItem | null;
}

const STILL_MS = 120;
const SHOWN = 6;
const LONGEST_QUERY = 2_000;

/** What is asked for: one thing, or several in one request. */
export function AskedItems({
  items,
  words,
  onItems,
}: {
  readonly items: readonly AskedItem[];
  /** What was searched for before. */
  readonly words: string | undefined;
  readonly onItems: (items: readonly Item[]) => void;
}) {
  const [adding, setAdding] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const several = items.length > 1;
  const close = (): void => {
    setAdding(false);
    // After the next drawing, when the button stands there again.
    requestAnimationFrame(() => opener.current?.focus());
  };
  return (
    <div className={classes['whatAll']}>
      <ul className={classes['items']} aria-label="What is asked for">
        {items.map((item) => (
          <li key={`${item.role} ${item.target}`} className={classes['what']}>
            <div>
              <p>
                <strong>{item.role}</strong> on {item.target}
              </p>
              {item.entry !== null && (
                <p className={classes['quiet']}>
                  <TierSign tier={item.entry.tier} /> {TIER_WORDS[item.entry.tier]}
                </p>
              )}
            </div>
            <span className={classes['sideways']}>
              <Star of={{ role: item.role, target: item.target }} />
              {several && (
                <IconButton
                  label={`Leave out ${item.role} on ${item.target}`}
                  icon={CloseIcon}
                  onClick={() => onItems(items.filter((one) => one !== item))}
                />
              )}
            </span>
          </li>
        ))}
      </ul>
      {adding ? (
        <AddItem chosen={items} onClose={close} onAdd={(item) => onItems([...items, item])} />
      ) : (
        <div className={classes['buttons']}>
          <Button
            ref={opener}
            kind="quiet"
            small
            icon={AskIcon}
            cannot={items.length < MOST_ITEMS ? null : `One request holds ${MOST_ITEMS} at most.`}
            onClick={() => setAdding(true)}
          >
            Add another
          </Button>
          {!several && (
            <ButtonLink
              to="/request"
              search={words === undefined ? {} : { q: words }}
              kind="quiet"
              small
              icon={SearchIcon}
            >
              Something else
            </ButtonLink>
          )}
        </div>
      )}
    </div>
  );
}

/** The search once more, small: Enter takes the first that is found, Escape closes it. */
function AddItem({
  chosen,
  onAdd,
  onClose,
}: {
  readonly chosen: readonly Item[];
  readonly onAdd: (item: Item) => void;
  readonly onClose: () => void;
}) {
  const [typed, setTyped] = useState('');
  const [taking, setTaking] = useState(false);
  const q = useDebounced(typed.trim().slice(0, LONGEST_QUERY), STILL_MS);
  const found = useQuery({
    queryKey: ['catalogue', q, SHOWN + chosen.length],
    queryFn: () => ask(() => api.GET('/v1/catalogue', { params: { query: { q, limit: SHOWN + chosen.length } } })),
    placeholderData: keepPreviousData,
  });
  const offered = (found.data?.items ?? []).filter((item) => !chosen.some((one) => isSame(one, item))).slice(0, SHOWN);
  const add = (item: CatalogueItem | undefined): void => {
    if (item === undefined) return;
    onAdd({ role: item.role, target: item.target });
    onClose();
  };
  // What was typed last is searched a moment after Enter.
  const answered = q === typed.trim() && found.data !== undefined && !found.isPlaceholderData;
  useEffect(() => {
    if (!taking || !answered) return;
    setTaking(false);
    add(offered[0]);
  });
  return (
    <div
      className={classes['adding']}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        event.stopPropagation();
        onClose();
      }}
    >
      <div className={classes['search']}>
        <LineField
          type="search"
          label="Add another"
          placeholder="invoice · env=staging · arn:aws:…"
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            setTaking(false);
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            // The form around it must not be sent by this.
            event.preventDefault();
            setTaking(true);
          }}
          autoFocus
          autoComplete="off"
          spellCheck={false}
        />
        <Button kind="quiet" onClick={onClose}>
          Close
        </Button>
      </div>
      {found.error !== null && <FailureNotice error={found.error} intent="look" again={() => void found.refetch()} />}
      <ul className={classes['offered']} aria-label="Found">
        {offered.map((item) => (
          <li key={`${item.role} ${item.target}`}>
            <button type="button" onClick={() => add(item)} className={classes['offer']}>
              <span>
                <strong>{item.role}</strong> on {item.target}
              </span>
              <small>
                <TierSign tier={item.tier} /> {item.requestable ? PATH_WORDS[item.path] : item.why}
              </small>
            </button>
          </li>
        ))}
      </ul>
      {found.data !== undefined && offered.length === 0 && (
        <p role="status" className={classes['quiet']}>
          Nothing else matches.
        </p>
      )}
    </div>
  );
}
