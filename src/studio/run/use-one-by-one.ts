import { useEffect, useState } from 'react';

/**
 * Hands on a list entry by entry, a task of the event loop each, so that drawing all of them is never one
 * long task. Undefined: an entry's turn has not come for the first time.
 */
export function useOneByOne<T>(entries: readonly T[]): readonly (T | undefined)[] {
  const [shown, setShown] = useState<readonly (T | undefined)[]>([]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const next = (index: number): void => {
      setShown((before) => entries.map((entry, i) => (i === index ? entry : before[i])));
      if (index + 1 < entries.length) timer = setTimeout(next, 40, index + 1);
    };
    next(0);
    return () => clearTimeout(timer);
  }, [entries]);
  return shown;
}
