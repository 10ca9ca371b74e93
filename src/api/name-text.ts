import { z } from 'zod';
import { unseenIn } from '../core/one-line.ts';

/**
 * A name that stands in the rules or the directory: of a role, a target, a person. None of those has a character that is not seen
 * (`policy/documents/unseen-text.ts`), so that what has one was copied from where it is shown, and would be *unknown* although it looks right.
 * `min`: characters; 0 in a query, where an empty name finds nothing.
 */
export function nameText(min = 1): z.ZodString {
  const text = min === 0 ? z.string() : z.string().min(min);
  return text.max(200).superRefine((name, context) => {
    const point = unseenIn(name);
    if (point === null) return;
    const message = `holds ${point}, a character that is not seen and that no name has: type the name by hand`;
    context.addIssue({ code: 'custom', message });
  });
}
