import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { judgeEpoch } from './core/epoch.ts';
import { createAppend } from './ledger/append.ts';
import { createSigner } from './ledger/note.ts';
import { forgetAccounts, planForgetting, type ForgetPlan } from './operations/forget-accounts.ts';
import type { IssuedCode } from './operations/claim-administration.ts';
import { mayRenew, planNewCode, renewAdminCode, type CodePlan } from './operations/renew-admin-code.ts';
import { readWitness } from './operations/watch-epoch.ts';
import { systemClock } from './platform/clock.ts';
import { ConfigProblem, type Config } from './platform/config.ts';
import { openKeyFiles } from './platform/key-files.ts';
import { systemRandom } from './platform/random.ts';
import { openWitnessFile, WITNESS_FILE } from './platform/witness-file.ts';
import { openAsItIs } from './store/database.ts';
import { readEpoch, readWhereabouts } from './store/epoch.ts';
import { introducingIssuers } from './store/forgotten-accounts.ts';
import { markedAsDemo } from './store/installation.ts';
import { unlikeOurs } from './store/migrate.ts';
import type { Db } from './store/schema.ts';

/** The database of a broker, opened without one, by whoever has its keys and its settings. */
export interface Offline {
  /** What would be forgotten. Throws {@link ConfigProblem} where that is nothing. */
  plan(issuer: string): Promise<ForgetPlan>;
  /** Forgets what the plan says, or throws {@link ConfigProblem} with nothing done. */
  forget(plan: ForgetPlan): Promise<void>;
  /** Who is an admin. Throws {@link ConfigProblem} where one can act, or nobody ever was one. */
  planCode(): Promise<CodePlan>;
  /** Makes a code with which an admin is claimed once more, or throws {@link ConfigProblem} with nothing done. */
  renewCode(plan: CodePlan): Promise<IssuedCode>;
  close(): Promise<void>;
}

/**
 * The composition root of what is done where nobody can sign in. It changes nothing of a database that is not the one which the broker on
 * this machine has seen last, in the same version and epoch, and makes no key: throws {@link ConfigProblem} and says what differs.
 */
export async function openOffline(config: Config): Promise<Offline> {
  const keys = openKeyFiles(join(config.dataDir, 'keys'), systemRandom);
  const key = (name: string): string =>
    keys.loadOrCreate(name, () => {
      throw new ConfigProblem(`${config.dataDir} has no keys of a broker. Run this where the broker runs.`);
    });
  const { vkey } = createSigner(key('ledger-origin'), key('ledger.pem'));
  const append = createAppend(Buffer.from(key('personal-data.key'), 'base64'), systemRandom);
  const witness = readWitness(openWitnessFile(join(config.dataDir, WITNESS_FILE), systemRandom), vkey);
  if (witness === null)
    throw new ConfigProblem(`No broker with the data folder ${config.dataDir} has seen this database. ${LET_IT_LOOK}`);
  const folder = join(config.dataDir, 'database');
  if (config.databaseUrl === null && !existsSync(folder)) throw new ConfigProblem(`There is no database in ${folder}.`);
  const database = await openAsItIs(config.databaseUrl ?? { folder });
  const { db } = database;
  try {
    const differs = await unlikeOurs(db);
    if (differs !== null)
      throw new ConfigProblem(
        `The database is of another version: ${differs}. Start the broker of this version first.`,
      );
    if (await markedAsDemo(db)) throw new ConfigProblem('This is the database of a demo.');
    const found = await readEpoch(db, await readWhereabouts(db), witness.size);
    if (found?.epoch.id !== witness.epoch || judgeEpoch(witness, found).kind !== 'same')
      throw new ConfigProblem(
        `The database is in another epoch, or lives elsewhere than the broker saw it. ${LET_IT_LOOK}`,
      );
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    plan: async (issuer) => {
      const plan = await planForgetting(db, issuer);
      if (plan.accounts === 0) throw new ConfigProblem(await nothingAt(db, issuer));
      return plan;
    },
    async forget(plan) {
      const done = await forgetAccounts({ db, append, clock: systemClock }, plan, witness.epoch);
      if (!done.ok) throw new ConfigProblem(CHANGED);
    },
    planCode: async () => {
      const plan = await planNewCode(db);
      if (plan.here.length > 0)
        throw new ConfigProblem(`An admin can act, and appoints others: ${plan.here.join(', ')}. Nothing was done.`);
      if (!mayRenew(plan)) throw new ConfigProblem('Nobody ever was an admin: the broker prints a code at its start.');
      return plan;
    },
    async renewCode(plan) {
      const done = await renewAdminCode({ db, append, random: systemRandom }, plan, witness.epoch);
      if (!done.ok) throw new ConfigProblem(CHANGED);
      return done.value;
    },
    close: () => database.close(),
  };
}

const CHANGED = 'Nothing was done: it would have been something else by now. Look again, and say it again.';
const LET_IT_LOOK = 'Start the broker here, stop it, and try again.';

async function nothingAt(db: Db, issuer: string): Promise<string> {
  const others = await introducingIssuers(db);
  const known = others.length === 0 ? 'It introduced none anywhere.' : `It did at: ${others.join(', ')}`;
  return `The directory introduced no account at ${issuer}. ${known}`;
}
