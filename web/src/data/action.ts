import { useMutation, useQueryClient, type QueryClient, type QueryKey } from '@tanstack/react-query';
import { useRef } from 'react';

/** So long a deed waits at most for the page to show what came of it: the line may be slow, and the deed is done. */
const SHOWN_MS = 5_000;

interface Options<Input, Value> {
  /** What it changes, as first words of query keys. */
  readonly touches: readonly QueryKey[];
  /** As soon as the server has answered: for what leads elsewhere, or shows the answer itself. */
  readonly answered?: (value: Value, input: Input) => void;
  /** When the page shows what came of it. */
  readonly done?: (value: Value, input: Input) => void;
}

/**
 * Something that the page does to the world. Its key (`Idempotency-Key`) stays the same for one and the same input until it
 * has worked, so that a second try after a lost answer is not a second deed. When it has worked, everything under `touches`
 * is read again, and it is pending until then: nobody reads that it is done beside the old state and a live button.
 */
export function useAction<Input, Value>(
  act: (input: Input, key: string) => Promise<Value>,
  options: Options<Input, Value>,
) {
  const client = useQueryClient();
  const last = useRef<Last | null>(null);
  return useMutation<Value, Error, Input>(deed(client, last, act, options));
}

/** What was tried last, and under which key. */
interface Last {
  readonly input: string;
  readonly key: string;
}

/** The mutation behind {@link useAction}. */
export function deed<Input, Value>(
  client: QueryClient,
  last: { current: Last | null },
  act: (input: Input, key: string) => Promise<Value>,
  { touches, answered, done }: Options<Input, Value>,
) {
  return {
    mutationFn: (input: Input): Promise<Value> => {
      const text = JSON.stringify(input) ?? '';
      if (last.current?.input !== text) last.current = { input: text, key: crypto.randomUUID() };
      return act(input, last.current.key);
    },
    onSuccess: async (value: Value, input: Input): Promise<void> => {
      last.current = null;
      const shown = Promise.all(touches.map((queryKey) => client.invalidateQueries({ queryKey })));
      answered?.(value, input);
      await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, SHOWN_MS))]);
      done?.(value, input);
    },
  };
}

/** The header that says which deed it is. */
export const under = (key: string) => ({ header: { 'Idempotency-Key': key } });
