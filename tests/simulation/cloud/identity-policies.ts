/** What a statement says: to whom everything of it holds later than `after` and earlier than `before`; `null`: without that bound. */
export interface TimedStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly after: number | null;
  readonly before: number | null;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The inline policy of a grant on the identity that it lands on. */
export function policyNameOf(grant: string): string {
  return `curfew-${grant}`;
}

/** The grant that an inline policy of an identity bears the name of; empty: none. */
export function grantOfPolicy(name: string): string {
  return /^curfew-(grt_.+)$/.exec(name)?.[1] ?? '';
}

/** What a policy says altogether. Throws for what this small IAM does not understand: nothing of it may be overlooked. */
export function readStatements(text: string): readonly TimedStatement[] {
  const { Statement } = JSON.parse(text) as { readonly Statement: readonly Statement[] };
  return Statement.map(({ Effect, Action, Resource, Condition = {} }) => {
    if (Effect !== 'Allow' && Effect !== 'Deny') throw notUnderstood(text);
    let after: number | null = null;
    let before: number | null = null;
    for (const [operator, keys] of Object.entries(Condition))
      for (const [key, value] of Object.entries(keys)) {
        const at = Date.parse(value);
        if (key !== 'aws:CurrentTime' || Number.isNaN(at)) throw notUnderstood(text);
        if (operator === 'DateGreaterThan') after = at;
        else if (operator === 'DateLessThan') before = at;
        else throw notUnderstood(text);
      }
    return { effect: Effect, actions: [Action].flat(), resources: [Resource].flat(), after, before };
  });
}

/** Until when a policy allows anything, by itself; `null`: it allows nothing, `Infinity`: for good. */
export function allowsUntil(statements: readonly TimedStatement[]): number | null {
  const ends = statements.flatMap(({ effect, before }) => (effect === 'Allow' ? [before ?? Infinity] : []));
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Whether a statement holds at a moment of the cloud's own clock. */
export function holdsAt({ after, before }: TimedStatement, cloudNow: number): boolean {
  return (after === null || cloudNow > after) && (before === null || cloudNow < before);
}

/** Whether one statement is about everything that another one is about. Names alone are compared: nobody here writes patterns that overlap. */
export function covers(one: TimedStatement, other: TimedStatement): boolean {
  const within = (few: readonly string[], many: readonly string[]) => few.every((it) => many.includes(it));
  return within(other.actions, one.actions) && within(other.resources, one.resources);
}

/** What somebody makes of a policy by hand: the same with another end in every statement, or with no condition. */
export function editedPolicy(text: string, before: number | null): string {
  const document = JSON.parse(text) as { readonly Statement: readonly (Statement & object)[] };
  const Statement = document.Statement.map(({ Condition = {}, ...statement }) => {
    if (before === null) return statement;
    const DateLessThan = { 'aws:CurrentTime': new Date(before).toISOString() };
    return { ...statement, Condition: { ...Condition, DateLessThan } };
  });
  return JSON.stringify({ ...document, Statement }, null, 2);
}

function notUnderstood(text: string): Error {
  return new Error(`the simulated IAM does not understand ${text}`);
}
