import { expect, test } from 'vitest';
import { buildPortal } from '../../tools/build-portal.ts';
import { firstLoad, FIRST_LOAD_LIMIT } from '../../tools/portal-size.ts';

test('the first visit loads at most 220 kB of JavaScript, gzipped', async () => {
  const { javascript } = await buildPortal();
  expect(javascript).toBeGreaterThan(50_000);
  expect(javascript).toBeLessThanOrEqual(FIRST_LOAD_LIMIT);
});

test('what a page imports at once counts, what it loads later does not', () => {
  const manifest = {
    'index.html': { file: 'index.js', css: ['index.css'], imports: ['_shared.js'] },
    '_shared.js': { file: 'shared.js' },
    'home.tsx': { file: 'home.js', imports: ['index.html'] },
    'later.tsx': { file: 'later.js' },
  };
  expect([...firstLoad(manifest, ['index.html', 'home.tsx'])].sort()).toEqual([
    'home.js',
    'index.css',
    'index.js',
    'shared.js',
  ]);
  expect(() => firstLoad(manifest, ['gone.tsx'])).toThrow('the build has no gone.tsx');
});
