import type { Me } from '../data/session.ts';
import { chooseZone, useZone } from '../time/zone.ts';
import { AutoThemeIcon, ClockIcon, DarkThemeIcon, HelpIcon, LightThemeIcon, SignOutIcon } from '../ui/icons.ts';
import { ChoiceMenu } from '../ui/overlays.tsx';
import { Unseen } from '../ui/signs.tsx';
import { THEMES, useTheme } from '../ui/theme.tsx';
import { signOut } from './sign-out.ts';
import classes from './person-menu.module.css';

const LOOKS = {
  auto: { label: 'As this machine', icon: AutoThemeIcon },
  light: { label: 'Light', icon: LightThemeIcon },
  dark: { label: 'Dark', icon: DarkThemeIcon },
} as const;

/** Who I am, how it looks, and the way out. */
export function PersonMenu({ me, onHelp }: { readonly me: Me; readonly onHelp: () => void }) {
  const { theme, choose } = useTheme();
  const zone = useZone();
  const { name, email } = me.person;
  return (
    <ChoiceMenu
      button={
        <button type="button" className={classes['person']}>
          {initials(name)}
          <Unseen>{name}: theme, zone, sign out</Unseen>
        </button>
      }
      head={
        <>
          <strong className={classes['name']}>{name}</strong>
          <br />
          {email}
        </>
      }
      choices={[
        ...THEMES.map((one) => ({ ...LOOKS[one], chosen: one === theme, choose: () => choose(one) })),
        {
          label: zone === 'utc' ? "Times in this machine's zone" : 'Times in UTC',
          icon: ClockIcon,
          choose: () => chooseZone(zone === 'utc' ? 'local' : 'utc'),
        },
        { label: 'Keys and help', icon: HelpIcon, choose: onHelp },
        { label: 'Sign out', icon: SignOutIcon, choose: () => void signOut() },
      ]}
    />
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter((word) => word !== '');
  return [words[0], words.length > 1 ? words.at(-1) : undefined]
    .map((word) => (word === undefined ? '' : [...word][0]?.toUpperCase()))
    .join('');
}
