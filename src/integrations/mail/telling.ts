import { beginTelling } from '../../operations/plan-notifications.ts';
import {
  createNotificationTally,
  forgetTold,
  NO_MAIL,
  tellPeople,
  type NotificationTally,
} from '../../operations/tell-people.ts';
import type { CloudFinding } from '../../operations/examine-clouds.ts';
import type { World } from '../../operations/world.ts';
import type { Config } from '../../platform/config.ts';
import { readSecretFile } from '../../platform/key-files.ts';
import type { Log } from '../../platform/log.ts';
import { repeat } from '../../platform/repeat.ts';
import { createSmtpMailer } from './smtp.ts';

/** How often is looked what there is to tell. A look that finds nothing is two reads of a row each. */
const LOOK_MS = 1_000;
const FORGET_MS = 3_600_000;

/** The part of a process that tells people by e-mail. */
export interface Telling {
  /** False where no mail is configured, and in a process that runs the engine alone. */
  readonly sends: boolean;
  readonly counts: NotificationTally['counts'];
  examine(this: void): Promise<CloudFinding>;
  /** Tells people until the signal fires. Resolves when the last message under way is noted. */
  run(world: World, signal: AbortSignal): Promise<void>;
}

/**
 * Puts it together. Who serves the API sends: an engine talks to the clouds alone. Throws `KeyFileProblem` for a password file that others
 * can read, or that is not there.
 */
export function openTelling({ mail: config, role, baseUrl }: Config, log: Log): Telling {
  const { counts, count } = createNotificationTally();
  if (config === undefined || role === 'engine')
    return { sends: false, counts, examine: async () => NO_MAIL, run: async () => {} };
  const password = config.login === null ? null : readSecretFile(config.login.passwordFile).trim();
  const mailer = createSmtpMailer({ config, password, origin: new URL(baseUrl).origin });
  return {
    sends: true,
    counts,
    examine: () => mailer.examine(),
    async run(world, signal) {
      await beginTelling(world);
      await Promise.all([
        repeat(LOOK_MS, signal, log, () => tellPeople(world, mailer, count, signal)),
        repeat(FORGET_MS, signal, log, () => forgetTold(world)),
      ]);
      mailer.close();
    },
  };
}
