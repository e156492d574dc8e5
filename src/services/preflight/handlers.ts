import type { z } from 'zod';
import { completion } from '../../domain/config/completion.ts';
import { hover } from '../../domain/config/hover.ts';
import { createPreflight } from '../../domain/preflight/preflight.ts';
import { NO_PROFILES } from '../../domain/preflight/report.ts';
import type { preflightCalls } from '../../protocol/preflight.ts';

type Answers = {
  readonly [K in keyof typeof preflightCalls]: (
    input: z.output<(typeof preflightCalls)[K]['input']>,
  ) => z.input<(typeof preflightCalls)[K]['output']>;
};

/** The pre-flight worker's answers, and something to do before the first question. */
export function createPreflightHandlers(): { readonly handlers: Answers; readonly warmUp: (() => void)[] } {
  const check = createPreflight();
  return {
    handlers: {
      check: ({ text, profiles }) => check(text, profiles),
      complete: ({ text, position }) => completion(text, position),
      hover: ({ text, position }) => hover(text, position),
    },
    // A JIT compiles what it has seen a few times: the first plan of a large model takes 100 ms, the tenth 7.
    warmUp: Array.from({ length: 12 }, (_, i) => () => void check(practice(i), NO_PROFILES)),
  };
}

function practice(i: number): string {
  const model =
    i % 2 === 0
      ? `{ model_type: gpt2, n_layer: ${4 + i} }`
      : `{ model_type: llama, num_hidden_layers: ${4 + i} }`;
  return `model: ${model}\ntraining:\n  per_device_train_batch_size: ${i + 1}\n`;
}
