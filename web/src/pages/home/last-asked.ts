import type { AccessRequest } from '../../data/api.ts';
import { durationText } from '../../time/countdown.ts';

export interface AskedBefore {
  readonly role: string;
  readonly target: string;
  readonly duration: string;
}

const MOST = 6;

/** What somebody asked for lately, each once, newest first. A longer time for what is held already is no access to ask for. */
export function lastAsked(
  requests: readonly Pick<AccessRequest, 'items' | 'extends' | 'durationMs'>[],
): readonly AskedBefore[] {
  const found = new Map<string, AskedBefore>();
  for (const { items, extends: extension, durationMs } of requests) {
    if (extension !== null) continue;
    for (const { role, target } of items) {
      const key = `${role} ${target}`;
      if (!found.has(key)) found.set(key, { role, target, duration: durationText(durationMs) });
    }
  }
  return [...found.values()].slice(0, MOST);
}
