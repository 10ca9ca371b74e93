import { Failure } from './failure.ts';

/**
 * Puts a marked block into the text of an AWS configuration file, in place of the one with the same label, and changes nothing
 * else. Refuses a file in which it could not do that without guessing.
 */
export function withBlock(before: string, label: string, profile: string, settings: readonly string[]): string {
  const [open, close] = [`# >>> ${label} >>>`, `# <<< ${label} <<<`];
  // A file that ends in a lone carriage return would otherwise get a line end that was not there when it is written again.
  const newline = before.includes('\r\n') || before.endsWith('\r') ? '\r\n' : '\n';
  const block = [open, ...settings, close].join(newline);
  const start = lineStart(before, open);
  if (start === null) {
    requireFree(before, profile);
    const gap = before === '' ? '' : before.endsWith('\n') ? newline : newline + newline;
    return `${before}${gap}${block}${newline}`;
  }
  const end = lineStart(before, close, start);
  if (end === null) {
    throw new Failure(`The block "${label}" has no end.`, {
      code: 'broken-config',
      hint: `Put the line "${close}" back, or remove what is left of the block.`,
    });
  }
  const rest = before.slice(0, start) + before.slice(end + close.length);
  requireFree(rest, profile);
  return before.slice(0, start) + block + before.slice(end + close.length);
}

/** Where a line that is exactly this one begins, at or after `from`. */
function lineStart(text: string, line: string, from = 0): number | null {
  for (let at = text.indexOf(line, from); at >= 0; at = text.indexOf(line, at + 1)) {
    const begins = at === 0 || text[at - 1] === '\n';
    const after = text[at + line.length];
    if (begins && (after === undefined || after === '\n' || after === '\r')) return at;
  }
  return null;
}

/** A second section of the same name would silently lose to, or win over, the user's own. */
function requireFree(text: string, profile: string): void {
  const heading = new RegExp(
    `^[ \\t]*\\[[ \\t]*profile[ \\t]+["']?${profile.replaceAll('.', '\\.')}["']?[ \\t]*\\]`,
    'm',
  );
  if (!heading.test(text)) return;
  throw new Failure(`There is a profile ${profile} already, which curfew did not write.`, {
    code: 'profile-exists',
    hint: 'Choose another name with --name, or remove that profile.',
  });
}
