import type { Command } from 'commander';

/** Examples come first: most people who ask for help want a line to copy. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  curfew: [
    'login',
    'search invoice',
    'request invoice-reader --on aws/prod --for 15m --reason "Check the invoice export" --wait',
    'assume invoice-reader --on aws/prod -- aws s3 ls s3://acme-invoices',
    'ls',
    'done',
  ],
  login: ['login', 'login --as ana', '--profile bo login --as bo', 'login --device'],
  search: ['search invoice', 'search prod database', 'search --json'],
  request: [
    'request invoice-reader --on aws/prod --for 15m --reason "Check the invoice export"',
    'request invoice-reader@aws/prod log-reader@aws/staging --reason "Compare the exports" --wait',
    'request rds-operator --on aws/prod --for 1h --preview',
  ],
  wait: ['wait req_… --timeout 10m'],
  approve: ['ls --waiting', 'approve req_…'],
  deny: ['deny req_… --comment "Please use the staging copy"'],
  assume: [
    'assume invoice-reader --on aws/prod -- aws s3 ls s3://acme-invoices',
    'assume invoice-reader@aws/prod --reason "Check the export" -- bash',
  ],
  extend: ['extend grt_… --for 15m --reason "The export is not done yet" --wait'],
  done: ['done', 'done invoice-reader --on aws/prod', 'done --all'],
  revoke: [
    'revoke grt_… --reason "The incident is over"',
    'revoke --person mallory --reason "The laptop was stolen"',
    'revoke --target aws/prod --reason "An intruder is in there" --timeout 5m',
    'revoke --all --reason "Our identity provider was broken into"',
    'revoke --confirm rev_…',
  ],
  'aws-profile': ['aws-profile invoice-reader --on aws/prod --write', 'aws-profile invoice-reader --on aws/prod'],
  aws: ['creds aws --role invoice-reader --on aws/prod'],
  'aws-anywhere': ['creds aws-anywhere --role invoice-reader --on aws/prod'],
  console: ['console invoice-reader --on aws/prod'],
  ls: ['ls', 'ls --waiting', 'ls --json'],
  why: ['why req_…'],
  prompt: ["PS1='$(curfew prompt) $ '"],
  verify: ['audit verify'],
  admin: ['admin list', 'admin appoint fay --as auditor', 'admin confirm prp_…'],
  appoint: ['admin appoint fay --as auditor'],
  dismiss: ['admin dismiss fay --as auditor'],
  confirm: ['admin list', 'admin confirm prp_…'],
  refuse: ['admin refuse prp_…'],
  claim: ['admin claim', 'admin claim < code.txt'],
  status: ['policy status'],
  sweep: [
    'sweep --provider aws --account 444455556666 --path people/ --key 0Bq… --dry-run',
    'sweep --provider aws --bucket acme-curfew --key keys.txt --every 1m',
    'sweep --provider azure --scope 11111111-2222-4333-8444-555555555555 --key 0Bq… --dry-run',
  ],
  completion: ['completion bash > ~/.local/share/bash-completion/completions/curfew'],
};

/** The help page of a command: examples, usage, arguments and options. */
export function helpText(command: Command, called: string): string {
  const help = command.createHelp();
  const examples = (EXAMPLES[command.name()] ?? [])
    .map((line) => `  ${line.startsWith('PS1') ? line : `${called} ${line}`}\n`)
    .join('');
  const description = command.description();
  const parts = [
    description === '' ? '' : `${description}\n`,
    examples === '' ? '' : `\nExamples\n${examples}`,
    `\nUsage\n  ${help.commandUsage(command).replace(/^curfew/, called)}\n`,
    section(
      'Commands',
      help
        .visibleCommands(command)
        .filter((child) => child.name() !== 'help')
        .map((child) => [help.subcommandTerm(child), help.subcommandDescription(child)]),
    ),
    section(
      'Arguments',
      help.visibleArguments(command).map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ),
    section(
      'Options',
      help.visibleOptions(command).map((one) => [help.optionTerm(one), help.optionDescription(one)]),
    ),
    command.parent === null
      ? ''
      : `\nEvery command takes --profile, --server, --json, --plain and --no-input: ${called} --help\n`,
  ];
  return parts.join('');
}

function section(title: string, rows: readonly (readonly [string, string])[]): string {
  if (rows.length === 0) return '';
  const width = Math.max(...rows.map(([term]) => term.length));
  return `\n${title}\n${rows.map(([term, text]) => `  ${term.padEnd(width)}  ${text}`.trimEnd()).join('\n')}\n`;
}
