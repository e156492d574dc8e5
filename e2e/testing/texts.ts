/** A text small enough to be gone through in seconds, regular enough that a tiny model learns from it at once. */
export function smallText(lines = 120): string {
  const animals = ['cat', 'dog', 'owl', 'fox', 'hen'];
  const deeds = ['sat on the mat', 'ran to the barn', 'sang in the rain', 'slept by the fire'];
  return Array.from(
    { length: lines },
    (_, i) => `Once the ${animals[i % animals.length]} ${deeds[(i * 7) % deeds.length]}.\n`,
  ).join('');
}

/**
 * More steps than any machine gets through while somebody looks: a run that is to be met while it trains has
 * so many and is stopped. A shorter one may be over before a loaded machine has looked twice.
 */
export const ENDLESS = 10_000_000;

export interface TinyConfig {
  readonly source?: string;
  readonly steps?: number;
  readonly save?: number;
  readonly evaluate?: number;
  readonly device?: string;
  readonly embd?: number;
  readonly heads?: number;
  readonly dtype?: string;
  readonly positions?: number;
  readonly batch?: number;
}

/** A whole config of the smallest sensible model: milliseconds a step on an emulated GPU. */
export function tinyConfig({
  source = 'pasted.txt',
  steps = 60,
  save = 20,
  evaluate = 0,
  device = 'auto',
  embd = 16,
  heads = 2,
  dtype = 'float32',
  positions = 16,
  batch = 2,
}: TinyConfig = {}): string {
  return `project: tiny
data:
  source: ${source}
  tokenizer: { type: char }
model:
  model_type: gpt2
  n_positions: ${positions}
  n_embd: ${embd}
  n_layer: 1
  n_head: ${heads}
training:
  learning_rate: 5.0e-3
  per_device_train_batch_size: ${batch}
  max_steps: ${steps}
  eval_steps: ${evaluate}
  eval_batches: 2
  save_steps: ${save}
  seed: 7
  device: ${device}
  dtype: ${dtype}
sampling:
  prompt: "Once"
  max_new_tokens: 24
`;
}
