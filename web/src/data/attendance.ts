/** What somebody does who is there. A page that scrolls or is shown by itself is none of it. */
const INPUTS = ['pointerdown', 'pointermove', 'keydown', 'wheel', 'touchstart', 'focus'] as const;

/** Somebody opened the page. */
let input = true;

/** Hears what somebody does at a page: of its window. */
export function hearInput(page: Pick<EventTarget, 'addEventListener'>): void {
  for (const kind of INPUTS) page.addEventListener(kind, () => void (input = true), { capture: true, passive: true });
}

/**
 * Whether somebody did something since this was asked last, and at first. The server ends a session that nobody uses for an hour, and what
 * a page reads by itself, each minute and at every change, is no use of it.
 */
export function takeInput(): boolean {
  const was = input;
  input = false;
  return was;
}
