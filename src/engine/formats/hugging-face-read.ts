import { parameterSpecs } from '../models/parameters.ts';
import type { ModelConfig } from '../training/spec.ts';
import { formatErrors } from './errors.ts';
import type { FolderFiles } from './folder-files.ts';
import { fromConfigJson, withAllBiases } from './hugging-face-config.ts';
import { findTensors, loadTensor, readJson, readText, type StoredTensor } from './hugging-face-weights.ts';
import { tokenizerFromMerges } from './vocab-and-merges.ts';

/** A model folder that was checked in full; the numbers of a parameter are read when asked for. */
export interface OpenedModel {
  readonly model: ModelConfig;
  /** In the model's own order; names as in the engine. */
  readonly parameters: readonly OpenedParameter[];
  /** tokenizer.json as text, made from vocab.json and merges.txt in old folders; null where there is neither. */
  readonly tokenizer: string | null;
  /** tokenizer_config.json; null where the folder has none. */
  readonly tokenizerConfig: Readonly<Record<string, unknown>> | null;
  /** From generation_config.json, else config.json; null where neither says. */
  readonly eos_token_id: number | null;
  /** Stored tensors that this model has no use for, such as masks that old versions saved. */
  readonly unused: readonly string[];
}

export interface OpenedParameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** As f32, whatever it is stored as. */
  load(): Promise<Float32Array>;
}

/** Buffers that are recomputed, not learned. */
const BUFFERS = /(^|\.)(attn\.(bias|masked_bias)|rotary_emb\.inv_freq)$/;

/**
 * Opens a Hugging Face folder of gpt2 or llama, ours or anybody's: names with or without the `transformer.`
 * or `model.` prefix, F32, F16 or BF16, sharded, head tied or its own. Throws ANN-FMT errors that name the
 * file, field or tensor.
 */
export async function readFolder(folder: FolderFiles): Promise<OpenedModel> {
  const configJson = await readJson(folder, 'config.json');
  const configured = fromConfigJson(configJson);
  const stored = await findTensors(folder);
  const told = isRecord(configJson) && typeof configJson.attention_output_bias === 'boolean';
  const model = await withStoredBiases(folder, configured, stored, configured.model_type === 'gpt2' || told);
  const used = new Set<string>();
  for (const name of biasNames(model)) used.add(findStored(stored, name)?.name ?? name); // zeros, as was seen
  const parameters = parameterSpecs(model).map(({ name, shape }): OpenedParameter => {
    const tensor = findStored(stored, name);
    if (!tensor) {
      throw formatErrors.missingTensor({
        message: `The weights lack ${name}, which the config asks for.`,
        where: name,
        data: { tensor: name },
      });
    }
    if (tensor.entry.shape.join() !== shape.join()) {
      throw formatErrors.wrongShape({
        message: `${name} has the shape [${tensor.entry.shape.join(', ')}]; the config asks for [${shape.join(', ')}].`,
        where: name,
        data: { tensor: name, found: tensor.entry.shape, expected: shape },
      });
    }
    if (!['F32', 'F16', 'BF16', 'F64'].includes(tensor.entry.dtype)) {
      throw formatErrors.wrongDtype({
        message: `${name} has the element type ${tensor.entry.dtype}, which weights cannot have.`,
        where: name,
        data: { tensor: name, dtype: tensor.entry.dtype },
      });
    }
    used.add(tensor.name);
    return { name, shape, load: () => loadTensor(folder, tensor) };
  });
  const generation = folder.names.includes('generation_config.json')
    ? await readJson(folder, 'generation_config.json')
    : null;
  const tokenizerConfig = folder.names.includes('tokenizer_config.json')
    ? await readJson(folder, 'tokenizer_config.json')
    : null;
  return {
    model,
    parameters,
    tokenizer: folder.names.includes('tokenizer.json')
      ? await readText(folder, 'tokenizer.json')
      : await tokenizerFromMerges(folder),
    tokenizerConfig: isRecord(tokenizerConfig) ? tokenizerConfig : null,
    eos_token_id: eosOf(generation) ?? eosOf(configJson),
    unused: [...stored.keys()].filter((name) => !used.has(name) && !BUFFERS.test(name)),
  };
}

/** All numbers at once, by name. */
export async function loadParameters(opened: OpenedModel): Promise<Map<string, Float32Array>> {
  const out = new Map<string, Float32Array>();
  for (const { name, load } of opened.parameters) out.set(name, await load());
  return out;
}

/** Under the engine's name, or as the bare GPT2Model and LlamaModel save it. */
function findStored(stored: ReadonlyMap<string, StoredTensor>, name: string): StoredTensor | undefined {
  return stored.get(name) ?? stored.get(name.replace(/^(transformer|model)\./, ''));
}

/**
 * `bias: false` and `attention_output_bias: false` are our own fields: the folder then holds zeros for those
 * biases, as transformers asks for them. Where somebody trained them since, the model has them, whatever
 * the field says; where a config that is not ours says nothing (`told` is false), what is stored does.
 */
async function withStoredBiases(
  folder: FolderFiles,
  model: ModelConfig,
  stored: ReadonlyMap<string, StoredTensor>,
  told: boolean,
): Promise<ModelConfig> {
  for (const name of biasNames(model)) {
    const tensor = findStored(stored, name);
    if (!tensor) continue;
    if (!told || (await loadTensor(folder, tensor)).some((x) => x !== 0)) return withAllBiases(model);
  }
  return model;
}

/** The biases that the model lacks and transformers' class has. */
function biasNames(model: ModelConfig): string[] {
  const own = new Set(parameterSpecs(model).map(({ name }) => name));
  return parameterSpecs(withAllBiases(model))
    .map(({ name }) => name)
    .filter((name) => !own.has(name));
}

/** One id, or the first of a list. */
function eosOf(json: unknown): number | null {
  if (!isRecord(json)) return null;
  const id: unknown = Array.isArray(json.eos_token_id) ? json.eos_token_id[0] : json.eos_token_id;
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 ? id : null;
}

function isRecord(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}
