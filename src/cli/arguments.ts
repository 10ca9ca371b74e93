import { parseDuration } from '../core/time.ts';
import { usage } from './failure.ts';

/** Checks what stands behind `--for` before anything is sent. How long is allowed is a matter of policy, and the server's. */
export function durationArgument(text: string): string {
  const durationMs = parseDuration(text);
  if (durationMs === null) {
    throw usage(`"${text.slice(0, 40)}" is not a duration.`, 'Write whole numbers with d, h, m or s: 15m, 1h30m, 2d.');
  }
  if (durationMs === 0) throw usage('A duration must be longer than zero.', 'Write for example 15m.');
  return text;
}

const SENTENCE_MAX = 2_000;

/** A sentence that people will read: what is said when it is missing. */
interface Sentence {
  readonly what: string;
  readonly hint: string;
}

const REASON: Sentence = {
  what: 'reason',
  hint: 'Say in a sentence what you need it for: --reason "Check the invoice export"',
};
const REVOCATION: Sentence = { what: 'reason', hint: 'Say why it has to end: --reason "The incident is over"' };
const COMMENT: Sentence = { what: 'comment', hint: 'Say why, and what should change: --comment "Please use staging"' };

/** Checks the reason of a request before it is sent. */
export const reasonArgument = (text: string): string => sentence(text, REASON);
/** Checks why somebody's access is taken away. */
export const revocationArgument = (text: string): string => sentence(text, REVOCATION);
/** Checks what somebody says to a decision. */
export const commentArgument = (text: string): string => sentence(text, COMMENT);

function sentence(text: string, { what, hint }: Sentence): string {
  const trimmed = text.trim();
  if (trimmed === '') throw usage(`The ${what} is empty.`, hint);
  const length = [...trimmed].length;
  if (length > SENTENCE_MAX)
    throw usage(
      `The ${what} has ${length} characters; ${SENTENCE_MAX} are allowed.`,
      'Say it in a sentence or two, and put the rest into the ticket.',
    );
  return trimmed;
}

export interface Wanted {
  readonly role: string;
  readonly target: string;
}

/**
 * Reads what is asked for: `invoice-reader --on aws/prod`, `invoice-reader@aws/prod`, several of both. One `--on` serves every
 * role that names no target itself; as many as roles are taken in order.
 */
export function wantedItems(words: readonly string[], on: readonly string[]): readonly Wanted[] {
  const bare = words.filter((word) => !word.includes('@'));
  if (on.length > 1 && on.length !== bare.length)
    throw usage(`There are ${bare.length} roles and ${on.length} targets.`, 'Write pairs: role@target role@target');
  if (on.length === 1 && bare.length === 0) throw usage('Every role names its target already.', 'Leave out --on.');
  let next = 0;
  const items = words.map((word): Wanted => {
    const at = word.indexOf('@');
    if (at >= 0) return { role: word.slice(0, at), target: word.slice(at + 1) };
    const target = on.length > 1 ? on[next++] : on[0];
    if (target === undefined) throw usage(`Where do you need ${word}?`, `Name a target: ${word} --on aws/prod`);
    return { role: word, target };
  });
  const broken = items.find((item) => item.role === '' || item.target === '');
  if (broken !== undefined)
    throw usage('A role or a target is empty.', 'Write invoice-reader --on aws/prod or invoice-reader@aws/prod.');
  return items;
}

/** The single item that a command such as `assume` works with. */
export function wantedItem(word: string, on: readonly string[]): Wanted {
  const [item] = wantedItems([word], on);
  if (item === undefined) throw usage('Name a role.');
  return item;
}
