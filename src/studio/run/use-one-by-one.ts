import { startTransition, useEffect, useState } from 'react';

/** Between two entries, milliseconds: what somebody does meanwhile comes first. */
const GAP = 30;

/**
 * Hands on a list entry by entry, each once the one before has been drawn, so that drawing all of them is
 * never one long task. It goes round, so that none waits for ever while new ones keep coming. Undefined: an
 * entry's turn has not come for the first time.
 */
export function useOneByOne<T>(entries: readonly T[]): readonly (T | undefined)[] {
  const [state, setState] = useState<{ readonly shown: readonly (T | undefined)[]; readonly last: number }>({
    shown: [],
    last: -1,
  });
  const { shown, last } = state;
  const turn = nextTurn(entries, shown, last);
  useEffect(() => {
    if (turn === null) return;
    const timer = setTimeout(() => {
      startTransition(() =>
        setState((before) => ({
          shown: entries.map((entry, i) => (i === turn ? entry : before.shown[i])),
          last: turn,
        })),
      );
    }, GAP);
    return () => clearTimeout(timer);
  }, [entries, turn]);
  return shown;
}

/** The first entry after `last`, going round, that is not shown as it is now; null when all are. */
export function nextTurn<T>(
  entries: readonly T[],
  shown: readonly (T | undefined)[],
  last: number,
): number | null {
  for (let i = 1; i <= entries.length; i++) {
    const index = (last + i) % entries.length;
    if (shown[index] !== entries[index]) return index;
  }
  return null;
}
