import { expect, test } from 'vitest';
import { hearInput, takeInput } from './attendance.ts';

test('what a page asks is a use where somebody did something since it asked last, and first of all', () => {
  const page = new EventTarget();
  hearInput(page);
  expect([takeInput(), takeInput(), takeInput()]).toEqual([true, false, false]);
  for (const kind of ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus']) {
    page.dispatchEvent(new Event(kind));
    expect([kind, takeInput(), takeInput()]).toEqual([kind, true, false]);
  }
  for (const kind of ['scroll', 'visibilitychange', 'message']) page.dispatchEvent(new Event(kind));
  expect(takeInput()).toBe(false);
});
