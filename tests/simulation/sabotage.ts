import { parseArgs } from 'node:util';
import { trySabotage, type Verdict } from './sabotage/try-sabotage.ts';
import { sabotages } from './sabotage/sabotages.ts';

const USAGE = `Puts one deliberate bug after the other into the broker and demands that the simulation catches each.

  npm run sabotage -- [--only NAME] [--seeds N] [--from S] [--jobs N]

  --only   only this one
  --seeds  how many seeds each gets to be caught (default 60)
  --from   the first seed (default: one that is known to show the bug)
  --jobs   processes side by side (default 2)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    seeds: { type: 'string', default: '60' },
    from: { type: 'string' },
    jobs: { type: 'string', default: '2' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) console.log(USAGE);
else process.exitCode = await main();

async function main(): Promise<number> {
  const chosen = sabotages.filter((one) => values.only === undefined || one.name === values.only);
  if (chosen.length === 0) throw new Error(`there is no sabotage "${values.only ?? ''}"`);
  const verdicts: Verdict[] = [];
  const waiting = [...chosen];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const verdict = await trySabotage(next, {
        seeds: Number(values.seeds),
        ...(values.from === undefined ? {} : { from: Number(values.from) }),
      });
      verdicts.push(verdict);
      console.log(line(verdict));
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  const missed = verdicts.filter((verdict) => verdict.kind !== 'caught');
  console.log(`${verdicts.length} sabotages: ${verdicts.length - missed.length} caught, ${missed.length} missed`);
  return missed.length === 0 ? 0 : 1;
}

function line(verdict: Verdict): string {
  const name = verdict.sabotage.name.padEnd(28);
  switch (verdict.kind) {
    case 'caught':
      return `caught  ${name} by ${verdict.checker.padEnd(11)} ${where(verdict)}: ${verdict.text}`;
    case 'by-another-checker':
      return `MISSED  ${name} seed ${String(verdict.seed).padEnd(4)} only by ${verdict.checker}: ${verdict.text}`;
    case 'missed':
      return `MISSED  ${name} held ${verdict.seeds} seeds: ${verdict.sabotage.what}`;
  }
}

/** A seed that was chosen, and a storm that was made for the bug, say nothing about how soon any seed would show it. */
function where({ sabotage, seed, from, chosen }: Extract<Verdict, { kind: 'caught' }>): string {
  const tried = seed === from ? 'the first tried' : `${seed - from + 1} tried from ${from}`;
  const weather = sabotage.weather === undefined ? '' : ', in a storm made for it';
  return `seen at seed ${seed}, ${tried}${chosen ? ' (chosen)' : ''}${weather}`;
}
