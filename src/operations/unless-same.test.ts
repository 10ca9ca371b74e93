import { expect, test, vi } from 'vitest';
import type { SourceFile } from '../policy/types.ts';
import { unlessSame } from './unless-same.ts';

const files = (text: string): readonly SourceFile[] => [{ path: 'people.yaml', text }];

test('what has not changed is not parsed again; what has is, and what comes back', () => {
  const parse = vi.fn((all: readonly SourceFile[]) => all.map(({ text }) => text));
  const read = unlessSame(parse);
  expect(read(files('ana'))).toEqual(['ana']);
  expect(read(files('ana'))).toEqual(['ana']);
  expect(parse).toHaveBeenCalledTimes(1);
  expect(read(files('bo'))).toEqual(['bo']);
  expect(read(files('ana'))).toEqual(['ana']);
  expect(parse).toHaveBeenCalledTimes(3);
});

test('what could not be parsed is tried again', () => {
  const parse = vi.fn(() => {
    throw new Error('no YAML');
  });
  const read = unlessSame(parse);
  expect(() => read(files('{'))).toThrow('no YAML');
  expect(() => read(files('{'))).toThrow('no YAML');
  expect(parse).toHaveBeenCalledTimes(2);
});
