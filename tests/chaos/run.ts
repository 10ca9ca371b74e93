import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { runChaos } from './chaos.ts';
import { tableOf } from './report.ts';
import { Nursery } from './site/nursery.ts';

const USAGE = `Kills real brokers on a real PostgreSQL against a simulated AWS, and checks from outside that every access ends.

  npm run chaos -- --kills N [--minutes M] [--seed S] [--keep]

  --kills    how many blows: kill -9, SIGSTOP, cut and half-open connections, PostgreSQL stopped, an old copy restored
  --minutes  over how long they are spread (default: one every 2.5 seconds)
  --seed     draws the same blows in the same order; how the processes fall is theirs
  --keep     leave the folder with the logs and the database behind
`;
const EVERY_MS = 2_500;

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '30' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else process.exit(await main());

async function main(): Promise<number> {
  const kills = wholeNumber(values.kills);
  const minutes = values.minutes === undefined ? null : Number(values.minutes);
  if (kills === null || (minutes !== null && !(minutes > 0 && minutes <= 600))) {
    console.error(`--kills takes a number from 1 to 10000, --minutes one above 0.\n\n${USAGE}`);
    return 2;
  }
  const seed = values.seed ?? randomBytes(4).toString('hex');
  const everyMs = minutes === null ? EVERY_MS : (minutes * 60_000) / kills;
  const stopping = new AbortController();
  let interrupted = false;
  const interrupt = () => {
    if (interrupted) return;
    interrupted = true;
    stopping.abort();
    console.log('\nStopping…');
    void clear().then((left) => process.exit(left.length === 0 ? 130 : 1));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
  const nursery = new Nursery();
  const clear = async () => {
    const left = await nursery.clear(values.keep);
    if (values.keep) console.log(`Logs and database stay in ${nursery.folder}`);
    for (const what of left) console.error(`left behind: ${what}`);
    return left;
  };
  const spacing = minutes === null ? '' : ` --minutes ${minutes}`;
  const again = `npm run chaos -- --kills ${kills}${spacing} --seed ${seed}`;
  console.log(`${kills} blows, one every ${(everyMs / 1_000).toFixed(1)} s on average; seed ${seed}`);
  const startedAt = performance.now();
  try {
    const { report, site } = await runChaos(
      nursery,
      { kills, seed, everyMs },
      (text) => console.log(text),
      stopping.signal,
    );
    const left = await site.close(values.keep);
    if (values.keep) console.log(`Logs and database stay in ${nursery.folder}`);
    const violations = [
      ...report.violations,
      ...left.map((text) => ({ promise: 'processes' as const, text: `${text} is left behind`, atS: 0 })),
    ];
    console.log(tableOf({ ...report, violations }, (performance.now() - startedAt) / 1_000));
    if (violations.length === 0) return 0;
    console.log(`The same blows again:  ${again}`);
    return 1;
  } catch (error) {
    if (interrupted) await new Promise(() => {});
    console.error(
      `The run failed by itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    console.error(`The same blows again:  ${again}`);
    await clear();
    return 1;
  }
}

function wholeNumber(text: string): number | null {
  const number = Number(text);
  return /^\d+$/.test(text) && number >= 1 && number <= 10_000 ? number : null;
}
