import { Link } from '@tanstack/react-router';
import { useMyNewestRequests } from '../../data/my-requests.ts';
import { Section } from '../../ui/card.tsx';
import { lastAsked } from './last-asked.ts';
import classes from './home.module.css';

/** What I asked for lately: one press leads to the form, filled in. */
export function AskAgain() {
  const { data } = useMyNewestRequests();
  const items = lastAsked(data?.items ?? []);
  if (items.length === 0) return null;
  return (
    <Section id="again" title="Ask again">
      <ul className={classes['again']}>
        {items.map(({ role, target, duration }) => (
          <li key={`${role} ${target}`}>
            <Link to="/request" search={{ role, target, duration }}>
              <strong>{role}</strong>
              <span>on {target}</span>
              <span className={classes['for']}>{duration}</span>
            </Link>
          </li>
        ))}
      </ul>
    </Section>
  );
}
