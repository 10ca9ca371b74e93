import { once } from 'node:events';
import type { PGlite } from '@electric-sql/pglite';
import { expect, test, vi } from 'vitest';
import { EmbeddedSocket } from './embedded-socket.ts';

type OnRawData = { readonly onRawData: (data: Uint8Array) => void };

/** A PGlite that answers when it is told to, and remembers what crossed. */
function fakeLite() {
  const crossings: { readonly bytes: string; say(text: string): void; done(): void; fail(error: Error): void }[] = [];
  const execs: string[] = [];
  const lite = {
    exec: (text: string) => {
      execs.push(text);
      return Promise.resolve([]);
    },
    execProtocolRawStream: (chunk: Uint8Array, { onRawData }: OnRawData) =>
      new Promise<void>((resolve, reject) => {
        crossings.push({
          bytes: Buffer.from(chunk).toString(),
          say: (text) => onRawData(Buffer.from(text)),
          done: resolve,
          fail: reject,
        });
      }),
  };
  return { lite: lite as unknown as PGlite, crossings, execs };
}

function listen(socket: EmbeddedSocket): string[] {
  const heard: string[] = [];
  socket.on('data', (data: Buffer) => void heard.push(data.toString()));
  return heard;
}

test('it stands when the session is clean, and leaves nothing of an earlier socket in it', async () => {
  const { lite, execs } = fakeLite();
  const socket = new EmbeddedSocket(lite).connect();
  await once(socket, 'connect');
  expect(execs).toEqual(['rollback; deallocate all']);
});

test('a session that cannot be cleaned is an error of the socket', async () => {
  const { lite } = fakeLite();
  const broken = { ...lite, exec: () => Promise.reject(new Error('it is closed')) } as unknown as PGlite;
  const socket = new EmbeddedSocket(broken);
  const connected = vi.fn();
  socket.on('connect', connected);
  const failed = once(socket, 'error');
  socket.connect();
  expect(await failed).toMatchObject([{ message: 'it is closed' }]);
  expect([connected.mock.calls.length, socket.destroyed]).toEqual([0, true]);
});

test('one crossing at a time, in order; what is written meanwhile goes over in one', async () => {
  const { lite, crossings } = fakeLite();
  const socket = new EmbeddedSocket(lite);
  const heard = listen(socket);
  for (const text of ['one', 'two', 'three']) socket.write(text);
  await vi.waitFor(() => expect(crossings.map(({ bytes }) => bytes)).toEqual(['one']));
  crossings[0]?.say('answer 1');
  crossings[0]?.done();
  await vi.waitFor(() => expect(crossings.map(({ bytes }) => bytes)).toEqual(['one', 'twothree']));
  crossings[1]?.say('answer 2');
  crossings[1]?.say(', answer 3');
  crossings[1]?.done();
  await vi.waitFor(() => expect(heard).toEqual(['answer 1', 'answer 2, answer 3']));
});

test('nobody hears an answer before PGlite is done: whoever reads it asks the next thing at once', async () => {
  const { lite, crossings } = fakeLite();
  const socket = new EmbeddedSocket(lite);
  const heard = listen(socket);
  socket.write('ask');
  await vi.waitFor(() => expect(crossings).toHaveLength(1));
  crossings[0]?.say('early');
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(heard).toEqual([]);
  crossings[0]?.done();
  await vi.waitFor(() => expect(heard).toEqual(['early']));
});

test('an answer may be used again by PGlite as soon as it has given it', async () => {
  const { lite, crossings } = fakeLite();
  const reused = Buffer.from('first');
  const socket = new EmbeddedSocket({
    ...lite,
    execProtocolRawStream: (_: Uint8Array, { onRawData }: OnRawData) => {
      onRawData(reused);
      reused.write('other');
      onRawData(reused);
      return Promise.resolve();
    },
  } as unknown as PGlite);
  const heard = listen(socket);
  socket.write('ask');
  await vi.waitFor(() => expect(heard).toEqual(['firstother']));
  expect(crossings).toEqual([]);
});

test('answers that nobody reads yet wait, whole and in order, however large they are', async () => {
  const { lite, crossings } = fakeLite();
  const socket = new EmbeddedSocket(lite);
  const large = 'x'.repeat(1_000_000);
  for (const nth of [1, 2, 3]) {
    socket.write(`ask ${nth}`);
    await vi.waitFor(() => expect(crossings).toHaveLength(nth));
    crossings[nth - 1]?.say(`${nth}${large}`);
    crossings[nth - 1]?.done();
  }
  socket.end();
  let whole = '';
  for await (const part of socket) whole += String(part);
  expect(whole.replaceAll(large, '')).toBe('123');
});

test('a PGlite that fails ends the socket with one error, and nothing crosses after it', async () => {
  const { lite, crossings } = fakeLite();
  const socket = new EmbeddedSocket(lite);
  const errors: unknown[] = [];
  socket.on('error', (error) => void errors.push(error));
  const closed = new Promise((resolve) => socket.on('close', resolve));
  const written = ['one', 'two'].map((text) => new Promise((resolve) => socket.write(text, resolve)));
  await vi.waitFor(() => expect(crossings).toHaveLength(1));
  crossings[0]?.fail(new Error('out of memory'));
  await closed;
  const fates = await Promise.all(written);
  expect(fates.every((fate) => fate instanceof Error)).toBe(true);
  expect(errors).toMatchObject([{ message: 'out of memory' }]);
  expect(crossings).toHaveLength(1);
});

test('an end from here is heard as the end, behind the last answer', async () => {
  const { lite, crossings } = fakeLite();
  const socket = new EmbeddedSocket(lite);
  const heard = listen(socket);
  const ended = once(socket, 'end');
  socket.end('bye');
  await vi.waitFor(() => expect(crossings).toHaveLength(1));
  crossings[0]?.say('last');
  crossings[0]?.done();
  await ended;
  expect(heard).toEqual(['last']);
});
