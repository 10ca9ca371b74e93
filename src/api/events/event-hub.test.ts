import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import type { CurfewRole } from '../../core/administration.ts';
import { parseId, type PersonId } from '../../core/ids.ts';
import { after, instant, type Instant } from '../../core/time.ts';
import type { Change } from '../../operations/changes.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Actor } from '../../operations/world.ts';
import { personId } from '../api-under-test.ts';
import { createEventHub } from './event-hub.ts';

const NOW = instant(Date.parse('2026-11-21T06:00:00Z'));

/** Time that a test moves: each `pass` wakes whoever sleeps until then. */
function handClock() {
  let now: Instant = NOW;
  const sleepers = new Set<{ at: number; wake: () => void }>();
  const clock: Clock = {
    now: () => now,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        const sleeper = { at: now + durationMs, wake: () => (sleepers.delete(sleeper), resolve()) };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', sleeper.wake, { once: true });
      }),
    timeout: () => new AbortController().signal,
  };
  const pass = async (durationMs: number): Promise<void> => {
    now = after(now, durationMs);
    for (const sleeper of [...sleepers]) if (sleeper.at <= now) sleeper.wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, pass };
}

/** A reader that can be told to stop reading. */
class Reader extends EventEmitter {
  text = '';
  reads = true;
  ended = false;
  destroyed = false;
  write(chunk: string): boolean {
    this.text += chunk;
    return this.reads;
  }
  end(): void {
    this.ended = true;
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
  events(): string[] {
    return [...this.text.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, name, data]) => `${name} ${data}`);
  }
}

function actorCalled(key: string): Actor {
  const roles = key === 'bo' ? (['auditor'] as const) : [];
  return { kind: 'person', person: personId(key), key, roles, context: { via: 'web' } };
}

function signInOf(key: string) {
  const id = parseId('ses', `ses_${(key[0] ?? 'x').repeat(20)}`);
  if (id === null) throw new Error('no id');
  return id;
}

function hubUnderTest() {
  const { clock, pass } = handClock();
  let publish: (change: Change) => void = () => {};
  const gone = new Set<string>();
  let looked = 0;
  let asked = 0;
  const holders: { person: PersonId; role: CurfewRole }[] = [{ person: personId('bo'), role: 'auditor' }];
  const inner = createEventHub(
    {
      subscribe: (listener) => {
        publish = listener;
        return () => (publish = () => {});
      },
      // `grt_of_bo` is for Bo alone; what nobody can look up is a fault of the database.
      whoMaySee: ({ id }) => {
        looked += 1;
        return id === 'grt_fault'
          ? Promise.reject(new Error('the database is away'))
          : Promise.resolve((viewer) => {
              asked += 1;
              return Promise.resolve(id.startsWith('grt_of_') ? viewer?.key === id.slice(7) && 'own' : true);
            });
      },
      standingSignIns: (ids) => Promise.resolve(new Set(ids.filter((id) => !gone.has(id)))),
      roleHolders: () => Promise.resolve(holders),
      profile: (key) => (gone.has(key) ? null : { key, name: key, email: '', groups: [] }),
    },
    clock,
  );
  const settled = () => new Promise<void>((resolve) => setImmediate(resolve));
  const change = (id: string, kind: Change['kind'] = 'grant'): Promise<void> => {
    publish({ kind, id, at: NOW });
    return settled();
  };
  const hub = {
    ...inner,
    get listeners() {
      return inner.listeners;
    },
    add: (response: ServerResponse, who: string, cameBack: boolean, closesAt: Instant | null, named = true) =>
      inner.add(
        response,
        { who, viewer: named ? actorCalled(who) : null, signIn: named ? signInOf(who) : null, closesAt },
        cameBack,
      ),
  };
  return { hub, pass, change, gone, holders, lookedUp: () => looked, askedFor: () => asked };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
}

const changeOf = (id: string): string => `change {"kind":"grant","id":"${id}","at":"2026-11-21T06:00:00.000Z"}`;

describe('changes', () => {
  test('go to everybody who listens, with an id each', async () => {
    const { hub, change } = hubUnderTest();
    const [one, two] = [new Reader(), new Reader()];
    hub.add(one.response, 'ana', false, null);
    await change('grt_1');
    hub.add(two.response, 'ana', false, null);
    await change('grt_2');
    expect(one.events()).toEqual([changeOf('grt_1'), changeOf('grt_2')]);
    expect(two.events()).toEqual([changeOf('grt_2')]);
    expect(hub.listeners).toBe(2);
    hub.close();
  });

  test('that were missed are a resync to who comes back, and nothing is looked up for that', async () => {
    const { hub, change, lookedUp } = hubUnderTest();
    const first = new Reader();
    hub.add(first.response, 'ana', false, null);
    expect(first.text).toMatch(/^id: ./m);
    for (let count = 0; count < 60; count += 1) await change(`grt_${count}`);
    first.end();
    const before = lookedUp();
    for (let count = 0; count < 600; count += 1) {
      const again = new Reader();
      hub.add(again.response, 'ana', true, null);
      expect(again.events()).toEqual(['resync {}']);
      again.end();
    }
    const other = new Reader();
    hub.add(other.response, 'bo', false, null);
    await change('grt_fresh');
    expect(other.events()).toEqual([changeOf('grt_fresh')]);
    expect(lookedUp() - before).toBe(1);
    hub.close();
  });
});

describe('a slow listener', () => {
  test('is sent nothing more until it reads again, and is then told to read everything', async () => {
    const { hub, change } = hubUnderTest();
    const slow = new Reader();
    hub.add(slow.response, 'ana', false, null);
    slow.reads = false;
    await change('grt_1');
    const before = slow.text;
    for (let count = 0; count < 10_000; count += 1) await change('grt_2');
    expect(slow.text).toBe(before);
    slow.reads = true;
    slow.emit('drain');
    expect(slow.events()).toEqual([changeOf('grt_1'), 'resync {}']);
    await change('grt_3');
    expect(slow.events().at(-1)).toBe(changeOf('grt_3'));
    hub.close();
  });

  test('that takes nothing for half a minute is cut off', async () => {
    const { hub, pass, change } = hubUnderTest();
    const stuck = new Reader();
    hub.add(stuck.response, 'ana', false, null);
    stuck.reads = false;
    await change('grt_1');
    await pass(15_000);
    await pass(15_000);
    expect(stuck.destroyed).toBe(false);
    await pass(15_000);
    expect(stuck.destroyed).toBe(true);
    expect(hub.listeners).toBe(0);
    hub.close();
  });
});

describe('a stream', () => {
  test('of somebody who left while they were let in is none, and takes no room', () => {
    const { hub } = hubUnderTest();
    const left = new Reader();
    left.destroy();
    expect(hub.add(left.response, 'ana', false, null)).toBe(false);
    expect(hub.listeners).toBe(0);
    hub.close();
  });

  test('has a comment every 15 seconds', async () => {
    const { hub, pass } = hubUnderTest();
    const reader = new Reader();
    hub.add(reader.response, 'ana', false, null);
    await pass(15_000);
    await pass(15_000);
    expect(reader.text.match(/^: still here$/gm)).toHaveLength(2);
    hub.close();
  });

  test('ends with the token that opened it', async () => {
    const { hub, pass } = hubUnderTest();
    const reader = new Reader();
    hub.add(reader.response, 'ana', false, after(NOW, 20_000));
    await pass(15_000);
    expect(reader.ended).toBe(false);
    await pass(15_000);
    expect(reader.ended).toBe(true);
    hub.close();
  });

  test('is one of ten of a person at most; others find room, and so does the same person when one is closed', async () => {
    const { hub } = hubUnderTest();
    const own = Array.from({ length: 10 }, () => new Reader());
    for (const reader of own) expect(hub.add(reader.response, 'ana', false, null)).toBe(true);
    expect(hub.room('ana')).toBe('too-many');
    expect(hub.add(new Reader().response, 'ana', false, null)).toBe(false);
    expect(hub.add(new Reader().response, 'bo', false, null)).toBe(true);
    own[3]?.end();
    expect(hub.room('ana')).toBe('free');
    hub.close();
    expect(hub.room('ana')).toBe('full');
  });

  test('costs others no more than one of its person does: whether they may see a change is asked once for all of theirs', async () => {
    const { hub, change, askedFor } = hubUnderTest();
    for (let n = 0; n < 10; n += 1) hub.add(new Reader().response, 'ana', false, null);
    const other = new Reader();
    hub.add(other.response, 'bo', false, null);
    await change('grt_1');
    expect(other.events()).toEqual([changeOf('grt_1')]);
    expect(askedFor()).toBe(2);
    hub.close();
  });

  test('ends when the server stops, and no new one begins', async () => {
    const { hub, change } = hubUnderTest();
    const reader = new Reader();
    hub.add(reader.response, 'ana', false, null);
    hub.close();
    expect(reader.ended).toBe(true);
    await change('grt_1');
    expect(reader.events()).toEqual([]);
    expect(hub.add(new Reader().response, 'ana', false, null)).toBe(false);
  });
});

describe('a change', () => {
  test('is told to who may see it and to nobody else; as their own to those whose it is', async () => {
    const { hub, change } = hubUnderTest();
    const [ana, bo, stranger] = [new Reader(), new Reader(), new Reader()];
    hub.add(ana.response, 'ana', false, null);
    hub.add(bo.response, 'bo', false, null);
    hub.add(stranger.response, '10.0.0.1', false, null, false);
    await change('grt_1');
    await change('grt_of_bo');
    await change('grt_2');
    for (const reader of [ana, stranger]) expect(reader.events()).toEqual([changeOf('grt_1'), changeOf('grt_2')]);
    const own = changeOf('grt_of_bo').replace('}', ',"own":true}');
    expect(bo.events()).toEqual([changeOf('grt_1'), own, changeOf('grt_2')]);
    hub.close();
  });

  test('of which nobody can say who may see it is a resync, and says nothing', async () => {
    const { hub, change } = hubUnderTest();
    const reader = new Reader();
    hub.add(reader.response, 'ana', false, null);
    await change('grt_fault');
    await change('grt_2');
    expect(reader.events()).toEqual(['resync {}', changeOf('grt_2')]);
    hub.close();
  });
});

test('more changes than may wait for a look-up are one resync behind those that may', async () => {
  const { hub, change } = hubUnderTest();
  const reader = new Reader();
  hub.add(reader.response, 'ana', false, null);
  // Published in one go: nothing is looked up in between.
  const all = Array.from({ length: 1_500 }, (_, n) => change(`grt_${n}`));
  await Promise.all(all);
  await until(() => reader.text.includes('resync'));
  const told = reader.events();
  expect(told).toHaveLength(1_001);
  expect(told.slice(998)).toEqual([changeOf('grt_998'), changeOf('grt_999'), 'resync {}']);
  await change('grt_later');
  expect(reader.events().at(-1)).toBe(changeOf('grt_later'));
  hub.close();
});

describe('a stream', () => {
  test('ends at once with its sign-in, and tells nobody about it', async () => {
    const { hub, change } = hubUnderTest();
    const [ana, bo] = [new Reader(), new Reader()];
    hub.add(ana.response, 'ana', false, null);
    hub.add(bo.response, 'bo', false, null);
    await change(signInOf('ana'), 'session');
    expect([ana.ended, bo.ended]).toEqual([true, false]);
    expect(bo.events()).toEqual([]);
    hub.close();
  });

  test('ends at the next heartbeat when the sign-in was ended elsewhere, or its person has left', async () => {
    const { hub, pass, gone } = hubUnderTest();
    const [ana, bo, cy] = [new Reader(), new Reader(), new Reader()];
    hub.add(ana.response, 'ana', false, null);
    hub.add(bo.response, 'bo', false, null);
    hub.add(cy.response, 'cy', false, null);
    gone.add(signInOf('ana')).add('bo');
    await pass(15_000);
    expect([ana.ended, bo.ended, cy.ended]).toEqual([true, true, false]);
    hub.close();
  });

  test('ends at the next heartbeat when its person has other roles than when it began: fewer, or a first one', async () => {
    const { hub, pass, holders } = hubUnderTest();
    const [ana, bo, cy] = [new Reader(), new Reader(), new Reader()];
    hub.add(ana.response, 'ana', false, null);
    hub.add(bo.response, 'bo', false, null);
    hub.add(cy.response, 'cy', false, null);
    await pass(15_000);
    expect([ana.ended, bo.ended, cy.ended]).toEqual([false, false, false]);
    holders.splice(0, 1, { person: personId('ana'), role: 'auditor' });
    await pass(15_000);
    expect([ana.ended, bo.ended, cy.ended]).toEqual([true, true, false]);
    hub.close();
  });
});
