import { Progress, Stack, Text } from '@mantine/core';
import { useRef } from 'react';
import { formatSeconds } from './format.ts';

/** Something that takes its time: what, how far, and how long still where that can be known. */
export interface Doing {
  readonly what: string;
  readonly done: number;
  /** In the units of `done`; null while unknown. */
  readonly total: number | null;
}

/** A line and a bar. */
export function DoingBar({ doing }: { readonly doing: Doing }) {
  const words = useDoingWords(doing);
  const share = shareOf(doing);
  return (
    <Stack gap={4} role="status">
      <Text size="sm" c="dimmed">
        {words}
      </Text>
      <Progress
        value={share === null ? 100 : share * 100}
        animated={share === null}
        aria-label={doing.what}
      />
    </Stack>
  );
}

/** "Training the tokenizer, 40 %, about 6 s left": in words, where there is no room for a bar. */
export function useDoingWords(doing: Doing | null): string {
  const began = useRef<{ readonly what: string; readonly at: number; readonly from: number } | null>(null);
  if (doing === null) {
    began.current = null;
    return '';
  }
  const share = shareOf(doing);
  if (began.current?.what !== doing.what)
    began.current = { what: doing.what, at: performance.now(), from: share ?? 0 };
  if (share === null) return `${doing.what} ...`;
  const left = secondsLeft((performance.now() - began.current.at) / 1000, began.current.from, share);
  return `${doing.what}, ${Math.floor(share * 100)} %${left === null ? '' : `, about ${formatSeconds(left)} left`}`;
}

/** At the pace so far, seconds; null while there is too little to go by, or hardly anything is left. */
export function secondsLeft(elapsed: number, from: number, share: number): number | null {
  const gone = share - from;
  if (elapsed < 1 || gone <= 0.01) return null;
  const left = (elapsed * (1 - share)) / gone;
  return left < 1 ? null : Math.round(left);
}

function shareOf({ done, total }: Doing): number | null {
  return total === null || total <= 0 ? null : Math.min(1, Math.max(0, done / total));
}
