/**
 * Whether a text fits a pattern in which `*` stands for any characters and, with `singles`, `?` for one. A backslash takes
 * the meaning from either. Walks back to the last `*` only, so that no pattern takes long.
 */
export function matchesPattern(pattern: string, text: string, { singles = false } = {}): boolean {
  const parts = readPattern(pattern, singles);
  let at = 0;
  let part = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = parts[part];
    if (wanted === '*any') {
      star = part;
      starAt = at;
      part += 1;
    } else if (wanted !== undefined && (wanted === '*one' || wanted === text[at])) {
      part += 1;
      at += 1;
    } else if (star >= 0) {
      starAt += 1;
      at = starAt;
      part = star + 1;
    } else return false;
  }
  while (parts[part] === '*any') part += 1;
  return part === parts.length;
}

/** Single characters, `*any` and `*one`. */
function readPattern(pattern: string, singles: boolean): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    const next = pattern.charAt(at + 1);
    if (singles && character === '\\' && (next === '*' || next === '?')) {
      parts.push(next);
      at += 1;
    } else if (character === '*') parts.push('*any');
    else if (singles && character === '?') parts.push('*one');
    else parts.push(character);
  }
  return parts;
}

/** Whether an action fits a pattern of a role or a condition. Case does not count. */
export const matchesAction = (pattern: string, action: string): boolean =>
  matchesPattern(pattern.toLowerCase(), action.toLowerCase());
