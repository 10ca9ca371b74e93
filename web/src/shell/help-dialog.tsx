import { useKeysOfPage, useSingleKeys } from '../ui/keys.ts';
import { Dialog } from '../ui/overlays.tsx';
import type { Destination } from './destinations.ts';
import classes from './help-dialog.module.css';

/** The keys, and a switch for those that are single letters. */
export function HelpDialog({
  opened,
  onClose,
  destinations,
}: {
  readonly opened: boolean;
  readonly onClose: () => void;
  readonly destinations: readonly Destination[];
}) {
  const [single, setSingle] = useSingleKeys();
  const ofPage = useKeysOfPage();
  const keys: readonly (readonly [string, string])[] = [
    ['Ctrl K', 'Search access, or go to a page (⌘ K on a Mac)'],
    ['/', 'The same'],
    ...destinations.map(({ key, label }) => [`g ${key}`, label] as const),
    ...ofPage.map(({ key, does }) => [key, `${does} (on this page)`] as const),
    ['?', 'This help'],
    ['Esc', 'Close what is open'],
  ];
  return (
    <Dialog title="Keys and help" opened={opened} onClose={onClose}>
      <table className={classes['keys']}>
        <tbody>
          {keys.map(([key, does]) => (
            <tr key={key}>
              <th scope="row">
                {key.split(' ').map((part) => (
                  <kbd key={part}>{part}</kbd>
                ))}
              </th>
              <td>{does}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <label className={classes['switch']}>
        <input type="checkbox" checked={single} onChange={(event) => setSingle(event.currentTarget.checked)} />
        Single letters are keys. Switch it off if you dictate.
      </label>
      <p className={classes['more']}>
        The command line does all of this too: <code>curfew --help</code>
      </p>
    </Dialog>
  );
}
