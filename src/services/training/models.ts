import type { ArtifactStore } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { InitialModel } from '../../domain/runs/events.ts';
import type { MetricStore, ModelFacts, ModelFile } from '../../domain/runs/ports.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { FolderFiles } from '../../engine/formats/folder-files.ts';
import { type OpenedModel, readFolder } from '../../engine/formats/hugging-face-read.ts';
import { writeFolder } from '../../engine/formats/hugging-face-write.ts';
import { countParameters } from '../../engine/models/parameters.ts';
import { loadTokenizer } from '../../engine/tokenizers/load.ts';
import type { Tokenizer } from '../../engine/tokenizers/tokenizer.ts';
import type { Checkpoint } from '../../engine/training/checkpoint.ts';
import { findBest, findLatest } from '../../engine/training/checkpoint-slots.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import type { ModelConfig } from '../../engine/training/spec.ts';
import { collect } from '../data/artifacts.ts';

/** A model with its numbers within reach. */
export interface LoadedModel {
  readonly model: ModelConfig;
  readonly tokenizer: Tokenizer;
  /** A parameter by its name in the engine. */
  readonly read: (name: string) => Promise<Float32Array>;
}

interface Stores {
  readonly artifacts: ArtifactStore;
  readonly checkpoints: CheckpointStore;
}

/** The files of a model folder that lie among the artifacts. */
export async function artifactFolder(
  artifacts: ArtifactStore,
  { files }: InitialModel,
): Promise<FolderFiles> {
  const hashOf = (name: string): string => files[name] ?? '';
  for (const [path, sha256] of Object.entries(files)) {
    if ((await artifacts.stat(sha256)) === null) {
      throw runErrors.missingData({ message: `${path} of the model is not on this machine`, where: path });
    }
  }
  return {
    names: Object.keys(files),
    size: async (name) => (await artifacts.stat(hashOf(name)))?.bytes ?? 0,
    read: (name, begin, end) => artifacts.read(hashOf(name), begin, end),
  };
}

/** Throws ANN-FMT where the folder is no model, ANN-RUN-013 where it has no tokenizer. */
export async function loadFolder(
  folder: FolderFiles,
): Promise<LoadedModel & { readonly opened: OpenedModel }> {
  const opened = await readFolder(folder);
  if (opened.tokenizer === null) {
    throw runErrors.notAModel({ message: 'There is no tokenizer.json beside the weights' });
  }
  const tokenizer = await loadTokenizer(opened.tokenizer, opened.tokenizerConfig ?? undefined);
  const byName = new Map(opened.parameters.map((parameter) => [parameter.name, parameter]));
  const eos_token_id = tokenizer.eos_token_id ?? opened.eos_token_id;
  return {
    opened,
    model: opened.model,
    tokenizer: eos_token_id === tokenizer.eos_token_id ? tokenizer : withEos(tokenizer, eos_token_id),
    read: async (name) => (await byName.get(name)?.load()) ?? new Float32Array(),
  };
}

export async function inspectFolder(folder: FolderFiles): Promise<ModelFacts> {
  const { model, tokenizer, opened } = await loadFolder(folder);
  const warnings: string[] = [];
  if (opened.unused.length > 0) {
    warnings.push(
      `Passed over tensors that this model has no use for: ${opened.unused.slice(0, 5).join(', ')}`,
    );
  }
  if (tokenizer.vocab_size > model.vocab_size) {
    warnings.push(`The tokenizer has ${tokenizer.vocab_size} tokens, the model only ${model.vocab_size}`);
  }
  return {
    model_type: model.model_type,
    model,
    vocab_size: model.vocab_size,
    context: model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings,
    parameters: countParameters(model),
    tokenizer: tokenizer.type,
    warnings,
  };
}

/** What a run has trained: its last checkpoint, or its best where it ended for want of improvement. */
export async function checkpointOf({ checkpoints }: Stores, run: Run): Promise<Checkpoint> {
  const best = run.end === 'early_stopping' ? await findBest(checkpoints, run.id) : null;
  const checkpoint = best ?? (await findLatest(checkpoints, run.id)).found?.checkpoint;
  if (checkpoint === undefined) throw runErrors.noCheckpoint({ where: run.id });
  return checkpoint;
}

export async function loadRun(stores: Stores, run: Run): Promise<LoadedModel> {
  const { facts, file } = await checkpointOf(stores, run);
  return {
    model: facts.spec.model,
    tokenizer: await tokenizerOf(stores, run),
    read: async (name) => file.floats(name),
  };
}

/** The Hugging Face folder of what a run has trained. Throws ANN-RUN-005 before its first checkpoint. */
export async function exportRun(
  stores: Stores & { readonly metrics: MetricStore },
  run: Run,
): Promise<readonly ModelFile[]> {
  const { facts, file } = await checkpointOf(stores, run);
  const { spec, progress } = facts;
  const { model } = spec;
  const { step } = progress;
  const { steps, evals } = await stores.metrics.read(run.id, { to: step });
  const sequence = model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings;
  const files = await writeFolder({
    model,
    read: async (name) => file.floats(name),
    tokenizer: await tokenizerOf(stores, run),
    sampling: spec.sampling,
    card: {
      name: run.name,
      parameters: countParameters(model),
      config: run.pins.config.text,
      steps: step,
      loss: steps.at(-1)?.loss ?? null,
      val_loss: evals.at(-1)?.val_loss ?? null,
      data: run.pins.data.source,
      data_sha256: run.pins.data.sha256,
      tokens_seen: step * spec.per_device_train_batch_size * spec.gradient_accumulation_steps * sequence,
      device: `${facts.device} (${run.pins.device?.description ?? 'unknown'})`,
      seed: spec.seed,
      program_version: facts.program_version,
      date: new Date(run.updated_at).toISOString(),
      base_model: run.pins.model?.name ?? null,
      sample: null,
    },
  });
  return [...files].map(([path, bytes]) => ({ path, bytes }));
}

async function tokenizerOf({ artifacts }: Stores, run: Run): Promise<Tokenizer> {
  const stream = run.pins.tokenizer === null ? null : await artifacts.open(run.pins.tokenizer);
  if (stream === null) throw runErrors.missingData({ message: "The run's tokenizer is not on this machine" });
  return await loadTokenizer(new TextDecoder().decode(await collect(stream)));
}

function withEos(tokenizer: Tokenizer, eos_token_id: number | null): Tokenizer {
  return {
    type: tokenizer.type,
    vocab_size: tokenizer.vocab_size,
    eos_token_id,
    encode: (text) => tokenizer.encode(text),
    decode: (ids) => tokenizer.decode(ids),
    toJSON: () => tokenizer.toJSON(),
  };
}
