import { formatDuration } from '../../core/time.ts';
import type { Wanted } from '../arguments.ts';
import type { Context } from '../context.ts';
import { isFields, list, numberOrNull, textOrNull, type Fields } from '../wire.ts';
import { printable } from './printable.ts';
import { statusText } from './style.ts';
import { facts } from './table.ts';
import { fewOf } from './who.ts';

/** A decision as the API previews or stored it, as far as it is shown. */
export interface Outlook {
  readonly allowed: boolean;
  readonly durationMs: number;
  readonly maxDurationMs: number;
  readonly steps: readonly {
    readonly rule: string;
    readonly count: number;
    /** The first of those who may decide, and how many they are. */
    readonly names: readonly string[];
    readonly people: number;
  }[];
  readonly reasons: readonly { readonly rule: string; readonly text: string }[];
  readonly refusals: readonly {
    readonly rule: string;
    readonly text: string;
    readonly code: string;
    readonly hint: string | null;
  }[];
  readonly plan: readonly string[];
  readonly residual: readonly string[];
  /** Approving it takes a passkey; and who of those who could has none, where too few have one. */
  readonly needsSignature: boolean;
  readonly withoutPasskey: readonly string[];
  /** Sources of people that are older than they should be. */
  readonly stale: readonly string[];
}

export function previewOf(of: Fields): Outlook {
  return {
    allowed: of['effect'] === 'allow',
    durationMs: numberOrNull(of, 'durationMs') ?? 0,
    maxDurationMs: numberOrNull(of, 'maxDurationMs') ?? 0,
    steps: list(of, 'steps', (step) => ({
      rule: textOrNull(step, 'rule') ?? '',
      count: numberOrNull(step, 'count') ?? 1,
      names: names(step['eligible']),
      people: numberOrNull(step, 'eligibleCount') ?? names(step['eligible']).length,
    })),
    reasons: list(of, 'reasons', ruleLine),
    refusals: list(of, 'refusals', (one) => ({
      ...ruleLine(one),
      code: textOrNull(one, 'code') ?? '',
      hint: textOrNull(one, 'hint'),
    })),
    plan: sentences(of['plan']),
    residual: sentences(of['residual']),
    needsSignature: of['needsSignature'] === true,
    withoutPasskey: Array.isArray(of['unsignable'])
      ? [...new Set(of['unsignable'].flatMap((step: unknown) => (isFields(step) ? names(step['without']) : [])))]
      : [],
    stale: sentences(of['stale']),
  };
}

function ruleLine(of: Fields): { rule: string; text: string } {
  return { rule: textOrNull(of, 'rule') ?? '', text: textOrNull(of, 'text') ?? '' };
}

/** People come as keys in a stored decision and as objects in a preview. */
function names(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) =>
    isFields(one)
      ? `${textOrNull(one, 'name') ?? textOrNull(one, 'key') ?? ''}${one['onCall'] === true ? ' (on call)' : ''}`
      : String(one),
  );
}

/** The sentences in a list of texts, or of objects with words. */
export function sentences(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return [];
  return value.map((one: unknown) => (isFields(one) ? (textOrNull(one, 'words') ?? '') : String(one)));
}

export function previewScreen(context: Context, items: readonly Wanted[], outlook: Outlook): string {
  const { out } = context;
  const access = items.map((item) => `${out.bold(printable(item.role))} on ${out.bold(printable(item.target))}`);
  const verdict = !outlook.allowed ? 'refused' : outlook.steps.length === 0 ? 'automatic' : 'approval';
  const lines: (readonly [string, string])[] = [
    ...access.map((text, index): readonly [string, string] => [index === 0 ? 'access' : ' ', text]),
    ['decision', statusText(out, verdict)],
    [
      'for',
      outlook.durationMs > 0
        ? `${formatDuration(outlook.durationMs)}, at most ${formatDuration(outlook.maxDurationMs)}`
        : '',
    ],
    ...outlook.steps.map((step): readonly [string, string] => [
      'needs',
      `${step.count} of ${fewOf(step.names.map(printable), step.people)}  ${out.dim(printable(step.rule))}`,
    ]),
    ['with', outlook.needsSignature ? 'a passkey of whoever approves' : ''],
    [
      'no passkey',
      outlook.withoutPasskey.length === 0
        ? ''
        : `${fewOf(outlook.withoutPasskey.map(printable))}: too few of them could approve this now`,
    ],
    ...outlook.refusals.map((one): readonly [string, string] => [
      'no',
      `${printable(one.text)}  ${out.dim(printable(one.rule))}`,
    ]),
    ...outlook.refusals.flatMap((one): (readonly [string, string])[] =>
      one.hint === null ? [] : [['try', printable(one.hint)]],
    ),
    ...outlook.reasons.map((one): readonly [string, string] => [
      'because',
      `${printable(one.text)}  ${out.dim(printable(one.rule))}`,
    ]),
    ...outlook.stale.map((words): readonly [string, string] => ['people', out.warn(printable(words))]),
    ...outlook.plan.map((words): readonly [string, string] => ['does', printable(words)]),
    ...[...new Set(outlook.residual)].map((words): readonly [string, string] => ['after', printable(words)]),
  ];
  return facts(out, lines);
}
