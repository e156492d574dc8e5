import { splitText } from '../../../src/domain/data/split.ts';
import { charTokenizer } from '../../../src/engine/tokenizers/char.ts';
import { findLatest } from '../../../src/engine/training/checkpoint-slots.ts';
import { CommandQueue } from '../../../src/engine/training/commands.ts';
import { evaluateModel } from '../../../src/engine/training/evaluate.ts';
import type { TrainingEvent } from '../../../src/engine/training/events.ts';
import { train } from '../../../src/engine/training/train.ts';
import { createBreathe } from '../../../src/workers/breathe.ts';
import type { Evaluated, RecipeResult, RecipeTask } from '../../contest/calls.ts';
import { initialWeights } from '../../workload/workload.ts';
import type { Environment } from '../engine.ts';
import { openDevice } from './engine.ts';

/** The studio's own training loop over the recipe: its evaluations, checkpoints and samples included. */
export async function trainRecipe(
  name: string,
  task: RecipeTask,
  environment: Environment,
): Promise<RecipeResult> {
  const device = await openDevice(name, environment);
  const store = environment.checkpoints();
  const run = `recipe-${task.seed}`;
  try {
    const { tokenizer, data } = read(task);
    const spec = { ...task.spec, seed: task.seed };
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
      breathe: createBreathe(),
      program_version: 'bench',
    });
    const seconds = (performance.now() - start) / 1000;
    if (end.reason === 'failed') throw new Error(`${end.facts.code} ${end.facts.message}`);
    const { found } = await findLatest(store, run);
    if (found === null) throw new Error('There is no checkpoint of the run.');
    const { file } = found.checkpoint;
    const { loss, tokens } = await evaluateModel(
      device,
      spec.model,
      async (parameter) => file.floats(parameter),
      data.validation,
      sizes(task),
    );
    return { seconds, val_loss: loss, last_loss, tokens };
  } finally {
    await store.remove(run);
    device.dispose();
  }
}

/** The same evaluation as at the end of `trainRecipe`, of weights that every engine can be given. */
export async function evaluateRecipe(
  name: string,
  task: RecipeTask,
  environment: Environment,
): Promise<Evaluated> {
  const device = await openDevice(name, environment);
  try {
    const { model } = task.spec;
    const weights = new Map(initialWeights({ model, seed: task.seed }).map((one) => [one.name, one.values]));
    const { data } = read(task);
    const given = async (parameter: string) => weights.get(parameter) ?? new Float32Array();
    const { loss, tokens } = await evaluateModel(device, model, given, data.validation, sizes(task));
    return { val_loss: loss, tokens };
  } finally {
    device.dispose();
  }
}

function read({ text, validation_split }: RecipeTask) {
  const tokenizer = charTokenizer(text);
  const parts = splitText(text, validation_split);
  const data = {
    train: tokenizer.encode(parts.train).ids,
    validation: tokenizer.encode(parts.validation).ids,
  };
  return { tokenizer, data };
}

function sizes({ spec }: RecipeTask) {
  const { model } = spec;
  const context = model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings;
  return { batch: spec.per_device_train_batch_size, context };
}
