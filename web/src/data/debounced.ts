import { useEffect, useState } from 'react';

/** A value that follows another one when it has stood still for a moment. */
export function useDebounced<Value>(value: Value, ms: number): Value {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return settled;
}

/**
 * A value that follows another one at once while nothing is under way, and otherwise when it has stood still for a moment: what is typed is
 * asked for without a pause, and hardly faster than answers come.
 */
export function useFollowed<Value>(value: Value, busy: boolean, ms: number): Value {
  const [followed, setFollowed] = useState(value);
  // While drawing, and not after: nothing is drawn in between.
  if (!busy && followed !== value) setFollowed(value);
  useEffect(() => {
    if (!busy) return;
    const timer = setTimeout(() => setFollowed(value), ms);
    return () => clearTimeout(timer);
  }, [value, busy, ms]);
  return followed;
}
