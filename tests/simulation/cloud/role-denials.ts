/** What a policy denies: the sessions of one grant or of all, from a time on, those issued before a time. `null`: whoever, always, whenever. */
export interface Denial {
  readonly grants: ReadonlySet<string> | null;
  readonly from: number | null;
  readonly issuedBefore: number | null;
}

/** The inline policy that ends the sessions of a grant. */
export function nameOf(grant: string): string {
  return `curfew-end-${grant}`;
}

/** The grant that an inline policy bears the name of; empty: none. */
export function grantOf(name: string): string {
  return /^curfew-end-(grt_.+)$/.exec(name)?.[1] ?? '';
}

/** What somebody makes of such a policy by hand. */
export function laterEnd(grant: string, at: number): string {
  const Condition = {
    StringEquals: { 'aws:SourceIdentity': grant },
    DateGreaterThanEquals: { 'aws:CurrentTime': new Date(at).toISOString() },
  };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition }],
  });
}

/** The end that an end of sessions says itself: what it denies from then on, or its label. */
export function untilOf(text: string): number | null {
  const [, year, month, day, hour, minute, second] = /Until(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z/.exec(text) ?? [];
  const label = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  const [denial] = readDenials(text);
  return denial?.from ?? (Number.isNaN(label) ? null : label);
}

interface Statement {
  readonly Effect: string;
  readonly Action: unknown;
  readonly Resource: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** What a policy denies altogether. Throws for what this small IAM does not understand: nothing of it may be overlooked. */
export function readDenials(text: string): readonly Denial[] {
  const { Statement } = JSON.parse(text) as { readonly Statement: readonly Statement[] };
  return Statement.flatMap(({ Effect, Action, Resource, Condition = {} }): readonly Denial[] => {
    if (Action !== '*' || Resource !== '*') throw new Error(`the simulated IAM does not understand ${text}`);
    if (Effect !== 'Deny') return [];
    let denial: Denial = { grants: null, from: null, issuedBefore: null };
    for (const [operator, keys] of Object.entries(Condition))
      for (const [key, value] of Object.entries(keys)) {
        const values = typeof value === 'string' ? [value] : value;
        const at = Date.parse(values[0] ?? '');
        switch (`${operator} ${key}`) {
          case 'StringEquals aws:SourceIdentity':
            denial = { ...denial, grants: new Set(values) };
            break;
          case 'DateGreaterThanEquals aws:CurrentTime':
            denial = { ...denial, from: at };
            break;
          case 'DateLessThan aws:TokenIssueTime':
            denial = { ...denial, issuedBefore: at };
            break;
          default:
            throw new Error(`the simulated IAM does not understand ${text}`);
        }
      }
    return [denial];
  });
}

/** From when on the policy of a session denies everything; `null`: never. What it denies besides leaves something to do. */
export function sessionEnd(text: string): number | null {
  const { Statement } = JSON.parse(text) as { readonly Statement: readonly Statement[] };
  const everything = Statement.filter(({ Action, Resource }) => Action === '*' && Resource === '*');
  const [denial] = readDenials(JSON.stringify({ Statement: everything }));
  return denial === undefined ? null : (denial.from ?? 0);
}
