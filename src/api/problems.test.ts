import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OPERATION_REFUSALS } from '../operations/refusal.ts';
import { REFUSAL_CODES } from '../policy/types.ts';
import { problemPage } from './pages/problem-page.ts';
import { problemOf, PROBLEMS } from './problems.ts';

const folder = new URL('../../docs/problems/', import.meta.url);

describe('every problem', () => {
  test('has a page that says what it means and what to do, and no page is left over', () => {
    const pages = readdirSync(folder).filter((name) => name !== 'README.md');
    expect(pages.sort()).toEqual(
      Object.keys(PROBLEMS)
        .map((code) => `${code}.md`)
        .sort(),
    );
    for (const [code, { title }] of Object.entries(PROBLEMS)) {
      const text = readFileSync(new URL(`${code}.md`, folder), 'utf8');
      expect(text.startsWith(`# ${title}\n\n\`${code}\``), code).toBe(true);
      expect(text, code).toMatch(/\n## What it means\n\n.{20,}/);
      expect(text, code).toMatch(/\n## What to do\n\n- /);
    }
  });

  test('covers what operations and rules can say, with an error status', () => {
    for (const code of [...OPERATION_REFUSALS, ...REFUSAL_CODES])
      expect(PROBLEMS[code]?.status ?? 0, code).toBeGreaterThanOrEqual(400);
  });
});

describe('a refused request', () => {
  const refusal = (code: 'unknown-role' | 'no-matching-policy' | 'mfa-required') =>
    problemOf({
      code: 'request-refused',
      detail: 'No.',
      refusals: [{ code, rule: 'default', text: 'No.', item: null }],
    });

  test('answers a mistake under its own code, and a no of the rules as request-refused', () => {
    expect(refusal('unknown-role').code).toBe('unknown-role');
    expect(refusal('mfa-required').code).toBe('mfa-required');
    expect(refusal('no-matching-policy').code).toBe('request-refused');
  });
});

describe('the page of a problem', () => {
  test('shows its sections and escapes everything else', () => {
    const html = problemPage('# A <b>title</b>\n\nText with `code <x>`.\n\n- one\n- two\n\n```\n<pre>\n```');
    expect(html).toContain('<h1>A &#60;b&#62;title&#60;/b&#62;</h1>');
    expect(html).toContain('<code>code &#60;x&#62;</code>');
    expect(html).toContain('<ul><li>one</li><li>two</li></ul>');
    expect(html).toContain('<pre>&#60;pre&#62;</pre>');
  });
});
