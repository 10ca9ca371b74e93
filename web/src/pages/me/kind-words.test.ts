import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { KIND_WORDS } from './kind-words.ts';

test('every kind of message can be switched, once', () => {
  const api = JSON.parse(readFileSync(new URL('../../../../docs/openapi.json', import.meta.url), 'utf8')) as {
    components: {
      schemas: { NotificationSettings: { properties: { kinds: { properties: Record<string, unknown> } } } };
    };
  };
  const kinds = Object.keys(api.components.schemas.NotificationSettings.properties.kinds.properties);
  expect(kinds.length).toBeGreaterThan(5);
  expect(KIND_WORDS.flatMap(({ of }) => of.map(([kind]) => kind as string)).sort()).toEqual([...kinds].sort());
});
