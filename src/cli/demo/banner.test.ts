import { expect, test } from 'vitest';
import { banner } from './banner.ts';

const demo = (url: string) =>
  banner(
    {
      url,
      people: [{ key: 'ana', name: 'Ana Ribeiro', title: 'data-engineers', email: 'ana@acme.example' }],
      peopleCount: 40,
      cloudsAdopted: false,
      close: () => Promise.resolve(),
    },
    '.curfew/',
  );

test('the commands go to this demo, whatever its port', () => {
  expect(demo('http://localhost:7420')).toContain('./bin/curfew login --as ana\n');
  expect(demo('http://localhost:7600')).toContain('./bin/curfew login --as ana --server http://localhost:7600\n');
});
