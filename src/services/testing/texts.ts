/** A text that a tiny model learns something from within a few updates. */
export const TEXT = 'the cat sat on the mat. the dog sat on the log. '.repeat(40);

export const CONFIG = `project: tiny
data:
  source: text.txt
  validation_split: 0.1
  tokenizer: { type: char }
model:
  model_type: gpt2
  n_positions: 8
  n_embd: 8
  n_layer: 1
  n_head: 2
training:
  learning_rate: 1.0e-2
  warmup_steps: 2
  per_device_train_batch_size: 2
  max_steps: 12
  eval_steps: 4
  eval_batches: 2
  save_steps: 5
  seed: 7
sampling:
  prompt: "the"
  max_new_tokens: 5
`;
