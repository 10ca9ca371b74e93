import { Link } from '@tanstack/react-router';
import { Star } from '../../access/star.tsx';
import { isSame, useFavourites } from '../../data/favourites.ts';
import { useMyNewestRequests } from '../../data/my-requests.ts';
import { Section } from '../../ui/card.tsx';
import { lastAsked } from './last-asked.ts';
import classes from './home.module.css';

/** What I keep at hand, and what I asked for lately: one press leads to the form, filled in. */
export function AskAgain() {
  const { data } = useMyNewestRequests();
  const { items: kept } = useFavourites();
  const before = lastAsked(data?.items ?? []);
  const favourites = kept.map((one) => ({ ...one, duration: before.find((other) => isSame(one, other))?.duration }));
  const recent = before.filter((one) => !kept.some((other) => isSame(one, other)));
  const items = [...favourites, ...recent];
  if (items.length === 0) return null;
  return (
    <Section id="again" title="At hand">
      <ul className={classes['again']}>
        {items.map(({ role, target, duration }) => (
          <li key={`${role} ${target}`}>
            <Link to="/request" search={{ role, target, ...(duration === undefined ? {} : { duration }) }}>
              <strong>{role}</strong>
              <span>
                on {target}
                {duration === undefined ? '' : `, ${duration}`}
              </span>
            </Link>
            <Star of={{ role, target }} />
          </li>
        ))}
      </ul>
    </Section>
  );
}
