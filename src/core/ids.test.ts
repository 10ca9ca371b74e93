import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ID_PREFIXES, parseId } from './ids.ts';

const BODY = 'abcdefghijklmnopqr27';

describe('an id is its prefix and twenty characters of base32', () => {
  test.each(ID_PREFIXES)('%s', (prefix) => {
    expect(parseId(prefix, `${prefix}_${BODY}`)).toBe(`${prefix}_${BODY}`);
    for (const other of ID_PREFIXES.filter((one) => one !== prefix)) {
      expect(parseId(prefix, `${other}_${BODY}`)).toBeNull();
    }
  });

  test.each([
    ['', 'nothing'],
    ['req_', 'no body'],
    [`req_${BODY.slice(1)}`, 'too short'],
    [`req_a${BODY}`, 'too long'],
    [`req_${BODY.toUpperCase()}`, 'upper case'],
    [`req-${BODY}`, 'another separator'],
    [`req_${BODY.slice(1)}1`, '1 is not in the alphabet'],
    [`req_${BODY.slice(1)}'`, 'a quote'],
    [`req_${BODY}\n`, 'a line end'],
    [` req_${BODY}`, 'a space before'],
    [`xreq_${BODY}`, 'something before the prefix'],
  ])('"%s" is none: %s', (text) => {
    expect(parseId('req', text)).toBeNull();
  });

  test('whatever is accepted has only characters that need no escaping anywhere', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^grt_[a-z2-7]{20}$/)), (text) => {
        const id = parseId('grt', text);
        expect(id).toBe(/^grt_[a-z2-7]{20}$/.test(text) && text.length === 24 ? text : null);
      }),
    );
  });
});
