import { splitText } from '../../../src/domain/data/split.ts';
import { charTokenizer } from '../../../src/engine/tokenizers/char.ts';
import { findLatest } from '../../../src/engine/training/checkpoint-slots.ts';
import { CommandQueue } from '../../../src/engine/training/commands.ts';
import { evaluateModel } from '../../../src/engine/training/evaluate.ts';
import type { TrainingEvent } from '../../../src/engine/training/events.ts';
import { train } from '../../../src/engine/training/train.ts';
import { createMemoryCheckpointStore } from '../../../src/storage/memory/checkpoint-store.ts';
import type { RecipeResult, RecipeTask } from '../../contest/calls.ts';
import type { Environment } from '../engine.ts';
import { openDevice } from './engine.ts';

/** The studio's own training loop over the recipe, its evaluations and checkpoints included, but no samples. */
export async function trainRecipe(
  name: string,
  task: RecipeTask,
  environment: Environment,
): Promise<RecipeResult> {
  const device = await openDevice(name, environment);
  const store = createMemoryCheckpointStore();
  const run = `recipe-${task.seed}`;
  try {
    const tokenizer = charTokenizer(task.text);
    const parts = splitText(task.text, task.validation_split);
    const data = {
      train: tokenizer.encode(parts.train).ids,
      validation: tokenizer.encode(parts.validation).ids,
    };
    const { model } = task.spec;
    const spec = { ...task.spec, seed: task.seed, sampling: { ...task.spec.sampling, max_new_tokens: 0 } };
    let last_loss = Number.NaN;
    const start = performance.now();
    const end = await train(spec, {
      device,
      data,
      tokenizer,
      hashes: { data: '', tokenizer: '' },
      store,
      run,
      start: { type: 'new' },
      until: task.steps,
      commands: new CommandQueue(),
      emit: (event: TrainingEvent) => {
        if (event.type === 'step') last_loss = event.loss;
      },
      clock: { now: () => Date.now(), elapsed: () => performance.now() },
      breathe: breathe(),
      program_version: 'bench',
    });
    const seconds = (performance.now() - start) / 1000;
    if (end.reason === 'failed') throw new Error(`${end.facts.code} ${end.facts.message}`);
    const { found } = await findLatest(store, run);
    if (found === null) throw new Error('There is no checkpoint of the run.');
    const { file } = found.checkpoint;
    const context = model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings;
    const sizes = { batch: spec.per_device_train_batch_size, context };
    const read = async (parameter: string) => file.floats(parameter);
    const { loss, tokens } = await evaluateModel(device, model, read, data.validation, sizes);
    return { seconds, val_loss: loss, last_loss, tokens };
  } finally {
    device.dispose();
  }
}

/** A macrotask. */
function breathe(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}
