import { useEffect, useRef, useState } from 'react';
import type { SampleOutcome, SampleRequest, Trainer } from '../../domain/runs/ports.ts';

export interface Sampling {
  /** What the text goes on from. */
  readonly prompt: string;
  readonly text: string;
  readonly busy: boolean;
  readonly outcome: SampleOutcome | null;
  /** It was ended by hand: what there is of the text is all. */
  readonly stopped: boolean;
  readonly error: unknown;
  readonly start: (request: SampleRequest) => void;
  readonly stop: () => void;
}

const IDLE = { prompt: '', text: '', busy: false, outcome: null, stopped: false, error: null } as const;

/** One generation at a time: its text as it comes, stopped at once when asked or when the screen goes. */
export function useSampling(trainer: Trainer): Sampling {
  const [state, setState] =
    useState<Pick<Sampling, 'prompt' | 'text' | 'busy' | 'outcome' | 'stopped' | 'error'>>(IDLE);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  return {
    ...state,
    start(request) {
      abort.current?.abort();
      const mine = new AbortController();
      abort.current = mine;
      const update = (next: Partial<typeof state>): void => {
        if (abort.current === mine) setState((before) => ({ ...before, ...next }));
      };
      let text = '';
      let drawn = false;
      setState({ ...IDLE, prompt: request.sampling.prompt, busy: true });
      const onText = (delta: string): void => {
        text += delta;
        if (drawn) return;
        drawn = true;
        // Once a frame: tokens may come faster than anybody reads.
        requestAnimationFrame(() => {
          drawn = false;
          update({ text });
        });
      };
      trainer.sample(request, onText, mine.signal).then(
        (outcome) => update({ text: outcome.text, busy: false, outcome }),
        (error: unknown) =>
          update(mine.signal.aborted ? { text, busy: false, stopped: true } : { busy: false, error }),
      );
    },
    stop: () => abort.current?.abort(),
  };
}
