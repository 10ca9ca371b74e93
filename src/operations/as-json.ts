import type { JsonObject } from '../core/json.ts';

/** A value of plain data as what JSON makes of it: absent fields vanish, nothing else changes. Sets and maps are a mistake of the caller. */
export function asJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
