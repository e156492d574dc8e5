import { useEffect, useRef, useState } from 'react';
import type {
  PromptOutcome,
  SampleEvent,
  SampleOutcome,
  SampleRequest,
  Trainer,
} from '../../domain/runs/ports.ts';

/** A prompt and what has become of it so far. */
export interface Answer {
  readonly prompt: string;
  readonly text: string;
  /** Null while it is written, and where it was stopped by hand. */
  readonly outcome: PromptOutcome | null;
}

export interface SamplingState {
  readonly answers: readonly Answer[];
  readonly busy: boolean;
  /** Of all together, once all have ended. */
  readonly outcome: SampleOutcome | null;
  /** It was ended by hand: what there is of the texts is all. */
  readonly stopped: boolean;
  readonly error: unknown;
}

export interface Sampling extends SamplingState {
  readonly start: (request: SampleRequest) => void;
  readonly stop: () => void;
}

const IDLE: SamplingState = { answers: [], busy: false, outcome: null, stopped: false, error: null };

/** The answers after what was heard of one of them. */
export function heard(answers: readonly Answer[], event: SampleEvent): readonly Answer[] {
  return answers.map((answer, i) => {
    if (i !== event.prompt) return answer;
    if (event.type === 'text') return { ...answer, text: answer.text + event.text };
    const { outcome } = event;
    return { ...answer, text: outcome.ok ? outcome.text : answer.text, outcome };
  });
}

/** One generation at a time: its texts as they come, stopped at once when asked or when the screen goes. */
export function useSampling(trainer: Trainer): Sampling {
  const [state, setState] = useState(IDLE);
  const abort = useRef<AbortController | null>(null);
  useEffect(() => () => abort.current?.abort(), []);
  return {
    ...state,
    start(request) {
      abort.current?.abort();
      const mine = new AbortController();
      abort.current = mine;
      let answers: readonly Answer[] = request.prompts.map((prompt) => ({ prompt, text: '', outcome: null }));
      let drawn = false;
      const update = (next: Partial<SamplingState>): void => {
        if (abort.current === mine) setState((before) => ({ ...before, answers, ...next }));
      };
      setState({ ...IDLE, answers, busy: true });
      const onEvent = (event: SampleEvent): void => {
        answers = heard(answers, event);
        if (drawn) return;
        drawn = true;
        // Once a frame: tokens may come faster than anybody reads.
        requestAnimationFrame(() => {
          drawn = false;
          update({});
        });
      };
      trainer.sample(request, onEvent, mine.signal).then(
        (outcome) => update({ busy: false, outcome }),
        (error: unknown) =>
          update(mine.signal.aborted ? { busy: false, stopped: true } : { busy: false, error }),
      );
    },
    stop: () => abort.current?.abort(),
  };
}
