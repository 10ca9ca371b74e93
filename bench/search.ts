import { apiUnderTest } from '../src/api/api-under-test.ts';
import type { ApiOperations } from '../src/api/operations-port.ts';
import type { ProviderName } from '../src/core/target.ts';
import { systemClock } from '../src/platform/clock.ts';
import { silentLog } from '../src/platform/log.ts';
import { searchCatalogue } from '../src/operations/search-catalogue.ts';
import type { World } from '../src/operations/world.ts';
import { fakeProvider } from '../tests/sql/fake-provider.ts';
import { decisionWorld, NOW, SIZE } from './decision-world.ts';
import { distribution, type Bench } from './types.ts';

const ROLES = 1_000;
const WARM_UP = 50;

/** What somebody types, letter by letter or at once: nothing, names, labels, words of descriptions, and what nothing has. */
const TYPED = [
  '',
  'r',
  'r1',
  'r12',
  'number',
  'number 7',
  'prod',
  'prod t17',
  'staging r3',
  'a123',
  'a4999',
  't201 role',
  'nothing like it',
];

/** Searches by people of a large company, through the routes and schemas of the API, without a socket. */
export const bench: Bench = {
  name: 'search',
  title: 'Search over roles and targets',
  async run({ quick }) {
    const { set, directory, questions } = decisionWorld(quick ? 100 : 1_500, false, ROLES);
    const rules = { policy: set, directory, loadedAt: NOW, problems: [] };
    const providers = new Map<ProviderName, ReturnType<typeof fakeProvider>>([['aws', fakeProvider()]]);
    const world = {
      clock: { ...systemClock, now: () => NOW },
      log: silentLog,
      providers,
      rules: { current: () => rules },
    } as unknown as World;
    let asks = '';
    const search: ApiOperations['searchCatalogue'] = (actor, query) =>
      searchCatalogue(world, { ...actor, key: asks }, query);
    const limits = { perAddressPerMinute: 1_000_000, perPersonPerMinute: 1_000_000 };
    const api = await apiUnderTest({ searchCatalogue: search }, { limits });
    try {
      const samples: number[] = [];
      for (const [n, { requester }] of questions.entries()) {
        asks = requester;
        const q = encodeURIComponent(TYPED[n % TYPED.length] ?? '');
        const startedAt = performance.now();
        const { statusCode } = await api.as('ana', { method: 'GET', url: `/v1/catalogue?q=${q}` });
        const tookMs = performance.now() - startedAt;
        if (statusCode !== 200) throw new Error(`the search answered ${statusCode}`);
        if (n >= WARM_UP) samples.push(tookMs);
      }
      const size = `${SIZE.targets.toLocaleString('en')} targets, ${ROLES.toLocaleString('en')} roles`;
      const p95 = samples.toSorted((one, other) => one - other)[Math.ceil(0.95 * samples.length) - 1] ?? Number.NaN;
      const note = `p95 ${p95.toFixed(1)} ms; ${SIZE.policies.toLocaleString('en')} policies, ${SIZE.people.toLocaleString('en')} people, each search by somebody else`;
      return { rows: [{ name: size, unit: 'ms', budget: 'p95 <= 50 ms', ...distribution(samples), note }] };
    } finally {
      await api.close();
    }
  },
};
