import { useCallback, useState } from 'react';
import type { Drafts } from './drafts.ts';

/** Something that is being written, kept in the drafts under a key for when its field is there again. */
export function useWords(
  drafts: Drafts,
  key: string,
  initial = '',
): readonly [text: string, write: (text: string) => void] {
  const [text, setText] = useState(() => drafts.words.get(key) ?? initial);
  const write = useCallback(
    (next: string) => {
      if (next === initial) drafts.words.delete(key);
      else drafts.words.set(key, next);
      setText(next);
    },
    [drafts, key, initial],
  );
  return [text, write];
}
