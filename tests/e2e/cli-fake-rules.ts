import { PEOPLE, type Person } from './cli-fake-state.ts';

/** The rules of the fake server. */
export function decide(body: { items: { role: string; target: string }[]; duration?: string; reason?: string }) {
  const durationMs = /^\d+[ms]$/.test(body.duration ?? '15m')
    ? Number.parseInt(body.duration ?? '15', 10) * ((body.duration ?? 'm').endsWith('s') ? 1_000 : 60_000)
    : 900_000;
  const refusals: { code: string; rule: string; text: string; item: null; hint?: string }[] = [];
  for (const item of body.items) {
    if (item.role === 'admin')
      refusals.push({
        code: 'denied-by-guardrail',
        rule: 'guardrail:no-admin',
        text: 'Nobody gets admin this way.',
        item: null,
      });
    else if (item.role === 'vault')
      refusals.push({
        code: 'mfa-required',
        rule: 'policy:vault',
        text: 'A fresh second factor is needed.',
        item: null,
        hint: 'Sign in again.',
      });
    else if (item.role !== 'invoice-reader' && item.role !== 'log-reader')
      refusals.push({
        code: 'unknown-role',
        rule: 'default',
        text: `There is no role ${item.role}.`,
        item: null,
        hint: 'Did you mean invoice-reader?',
      });
  }
  if (durationMs > 7_200_000)
    refusals.push({
      code: 'duration-too-long',
      rule: 'policy:invoices',
      text: 'At most 2h.',
      item: null,
      hint: 'Ask for 2h or less.',
    });
  if (body.reason === undefined)
    refusals.push({
      code: 'reason-required',
      rule: 'policy:invoices',
      text: 'A reason of 10 characters is needed.',
      item: null,
      hint: 'Add --reason.',
    });
  const needsBo = body.items.some((item) => item.role === 'invoice-reader');
  return {
    durationMs,
    refusals,
    steps: needsBo ? [{ eligible: [PEOPLE['bo'] as Person], approvedBy: [] as Person[] }] : [],
  };
}

export const decisionView = (made: ReturnType<typeof decide>) => ({
  effect: made.refusals.length > 0 ? 'deny' : 'allow',
  policyVersion: 'v1',
  duration: `${made.durationMs / 60_000}m`,
  durationMs: made.durationMs,
  maxDurationMs: 7_200_000,
  requirements: { reasonMin: 10, ticket: null, mfaMaxAgeMs: null },
  steps: made.steps.map((step, index) => ({
    id: `s${index}`,
    rule: 'policy:invoices',
    from: ['group:finance-leads'],
    count: 1,
    eligible: step.eligible,
  })),
  reasons: [{ rule: 'policy:invoices', text: 'Finance may read invoices.' }],
  refusals: made.refusals,
});
