import { useMutation, useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useRef } from 'react';

/**
 * Something that the page does to the world. Its key (`Idempotency-Key`) stays the same for one and the same input until it
 * has worked, so that a second try after a lost answer is not a second deed. When it has worked, everything under `touches`
 * is read again.
 */
export function useAction<Input, Value>(
  act: (input: Input, key: string) => Promise<Value>,
  options: { readonly touches: readonly QueryKey[]; readonly done?: (value: Value, input: Input) => void },
) {
  const client = useQueryClient();
  const last = useRef<{ readonly input: string; readonly key: string } | null>(null);
  return useMutation<Value, Error, Input>({
    mutationFn: (input) => {
      const text = JSON.stringify(input) ?? '';
      if (last.current?.input !== text) last.current = { input: text, key: crypto.randomUUID() };
      return act(input, last.current.key);
    },
    onSuccess: (value, input) => {
      last.current = null;
      for (const queryKey of options.touches) void client.invalidateQueries({ queryKey });
      options.done?.(value, input);
    },
  });
}

/** The header that says which deed it is. */
export const under = (key: string) => ({ header: { 'Idempotency-Key': key } });
