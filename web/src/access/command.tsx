import { useServer } from '../data/session.ts';
import { CopyLine } from '../ui/notices.tsx';

/**
 * A command of Curfew to copy; `text` begins with `curfew`. Whoever tries the demo has a clone of the repository and nothing on the
 * path: there it is `./bin/curfew`, as `npm start` prints it.
 */
export function Command({ label, text }: { readonly label: string; readonly text: `curfew ${string}` }) {
  const server = useServer();
  return <CopyLine label={label} text={server.data?.demo === true ? `./bin/${text}` : text} />;
}
