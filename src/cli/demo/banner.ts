import { DEFAULT_SERVER } from '../session/server-address.ts';
import type { Demo } from './start-demo.ts';

/** What a new user sees: where it is, who they can be, three commands to try, and where the data is. */
export function banner(demo: Demo, dataDir: string): string {
  const width = Math.max(...demo.people.map((person) => person.key.length));
  const people = demo.people.map((person) => `    ${person.key.padEnd(width)}  ${person.name}, ${person.title}`);
  return [
    '',
    '  Curfew is running with simulated clouds and made-up people.',
    '',
    `    ${demo.url}`,
    `    ${demo.url}/demo/mail   the e-mail that people would get`,
    '',
    `  Some of the ${demo.peopleCount} people you can be (no password):`,
    ...people,
    '',
    '  Try, in another terminal:',
    `    ./bin/curfew login --as ana${demo.url === DEFAULT_SERVER ? '' : ` --server ${demo.url}`}`,
    '    ./bin/curfew search invoice',
    '    ./bin/curfew request invoice-reader --on aws/prod --for 15m --reason "Check the invoice export"',
    '',
    demo.cloudsAdopted
      ? '  The simulated clouds were still running from last time; what was in them went on by itself.\n'
      : '',
    `  Ctrl-C stops everything. The data stays in ${dataDir}.`,
    '',
  ].join('\n');
}
