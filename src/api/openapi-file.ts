import { createAccessTokens } from '../identity/access-tokens.ts';
import { parseBaseUrl } from '../identity/base-url.ts';
import { systemClock } from '../platform/clock.ts';
import { silentLog } from '../platform/log.ts';
import { systemRandom } from '../platform/random.ts';
import { createApi } from './create-api.ts';
import { openApiDocument } from './openapi.ts';
import type { ApiOperations } from './operations-port.ts';
import type { ApiParts } from './parts.ts';

/**
 * The text of docs/openapi.json: the API described without being run. `version` is that of the package. The file is
 * written by `npm run generate`; a test compares the two.
 */
export async function openApiText(version: string): Promise<string> {
  const base = parseBaseUrl('https://curfew.example');
  const app = await createApi({
    ...NOTHING,
    tokens: createAccessTokens({
      base,
      verificationKeys: { keys: [] },
      clock: systemClock,
      epoch: { known: () => null, look: () => Promise.reject(new Error('nobody signs in here')) },
    }),
    base,
    version,
    log: silentLog,
    clock: systemClock,
    random: systemRandom,
  });
  try {
    return `${JSON.stringify(openApiDocument(app), null, 2)}\n`;
  } finally {
    await app.close();
  }
}

/** Parts that a description never touches; each one throws when it is. */
function untouched<Part extends object>(name: string, has: Partial<Part> = {}): Part {
  return new Proxy(has as Part, {
    get(target, field) {
      if (field in target) return target[field as keyof Part];
      throw new Error(`the description of the API must not use ${name}.${String(field)}`);
    },
  });
}

const NOTHING: Omit<ApiParts, 'tokens' | 'base' | 'version' | 'log' | 'clock' | 'random'> = {
  operations: untouched<ApiOperations>('operations', { subscribe: () => () => {} }),
  authorizationServer: null,
  ledger: untouched('ledger'),
  checks: untouched('checks'),
  metrics: untouched('metrics'),
  db: untouched('db'),
  logKey: { origin: 'curfew.example/log', vkey: '' },
  aws: null,
  publicLive: false,
  demo: null,
  portalDir: '',
};
