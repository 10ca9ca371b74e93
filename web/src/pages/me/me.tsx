import { useMe } from '../../data/session.ts';
import { ZONES, chooseZone, useTimes, useZone } from '../../time/zone.ts';
import { useNow } from '../../time/ticker.ts';
import { Section } from '../../ui/card.tsx';
import { OneOf } from '../../ui/fields.tsx';
import { useSingleKeys } from '../../ui/keys.ts';
import { Page } from '../../ui/page.tsx';
import { THEMES, useTheme, type ThemeName } from '../../ui/theme.tsx';
import { Accounts } from './accounts.tsx';
import { Notifications } from './notifications.tsx';
import { Passkeys } from './passkeys.tsx';
import { Sessions } from './sessions.tsx';
import classes from './me.module.css';

const ZONE_WORDS = { local: "This machine's zone", utc: 'UTC' } as const;
const THEME_WORDS = { auto: 'As this machine', light: 'Light', dark: 'Dark' } as const;

/** What is mine: what I sign with, where I am signed in, and how things look here. */
export function MePage() {
  const { data: me } = useMe();
  return (
    <Page title={me?.person.name ?? 'Me'} lead={me?.person.email}>
      <Passkeys />
      <Accounts />
      <Notifications />
      <Sessions />
      <Looks />
    </Page>
  );
}

/** Kept in this browser alone. */
function Looks() {
  const zone = useZone();
  const now = useNow();
  const times = useTimes();
  const { theme, choose } = useTheme();
  const [single, setSingle] = useSingleKeys();
  return (
    <Section id="looks" title="In this browser">
      <div className={classes['looks']}>
        <div className={classes['look']}>
          <h3>Times</h3>
          <OneOf
            label="Zone of times"
            choices={ZONES.map((value) => ({ value, label: ZONE_WORDS[value] }))}
            value={zone}
            onChange={(value) => chooseZone(value === 'utc' ? 'utc' : 'local')}
          />
          <p className={classes['quiet']}>Now it is {times.full(now)}.</p>
        </div>
        <div className={classes['look']}>
          <h3>Theme</h3>
          <OneOf
            label="Theme"
            choices={THEMES.map((value) => ({ value, label: THEME_WORDS[value] }))}
            value={theme}
            onChange={(value) => choose(value as ThemeName)}
          />
        </div>
        <div className={classes['look']}>
          <h3>Keys</h3>
          <label className={classes['switch']}>
            <input type="checkbox" checked={single} onChange={(event) => setSingle(event.currentTarget.checked)} />
            Single letters are keys. Switch it off if you dictate.
          </label>
        </div>
      </div>
    </Section>
  );
}
