import { existsSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const README = new URL('../README.md', import.meta.url);

/** Where a page leads within the repository: links and pictures. */
function leadsTo(page: string): readonly string[] {
  return [...page.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) => path);
}

test('everything that the README links to is there, and its pictures are small', () => {
  const paths = leadsTo(readFileSync(README, 'utf8'));
  const file = (path: string): string => fileURLToPath(new URL(path, README));
  expect(paths).toContain('docs/first-grant.md');
  expect(paths.filter((path) => !existsSync(file(path)))).toEqual([]);
  const pictures = paths.filter((path) => path.endsWith('.png'));
  expect(pictures).toHaveLength(4);
  for (const picture of pictures) expect(statSync(file(picture)).size, picture).toBeLessThanOrEqual(150_000);
});

test('no block that is copied as a whole installs twice: the second time deletes what the first command runs from', () => {
  for (const name of ['README.md', 'CONTRIBUTING.md', 'docs/first-grant.md']) {
    const blocks = readFileSync(new URL(`../${name}`, import.meta.url), 'utf8').match(/^```[\s\S]*?^```/gm) ?? [];
    expect(
      blocks.filter((block) => block.split('npm ci').length > 2),
      name,
    ).toEqual([]);
  }
});

test('links elsewhere and within the page are not looked for', () => {
  expect(leadsTo('[a](docs/a.md#b) ![c](docs/images/c.png) [d](https://x.example) [e](#f) <http://g>')).toEqual([
    'docs/a.md',
    'docs/images/c.png',
  ]);
});
