import { fromConfigJson } from '../formats/hugging-face-config.ts';
import type { ParameterSpec } from '../models/parameter.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { trainingErrors } from './errors.ts';
import type { ModelConfig, OptimizerConfig } from './spec.ts';

/** A tensor of a fixture file. */
export interface FixtureTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export type FixtureTensors = ReadonlyMap<string, FixtureTensor>;

/** What another program computed for a model, and from what. All tensors are checked to be there, in shape. */
export interface Fixture {
  readonly model: ModelConfig;
  readonly optimizer: OptimizerConfig;
  readonly learning_rate: number;
  readonly batch: number;
  readonly context: number;
  readonly steps: number;
  readonly input_ids: Int32Array;
  /** Aligned with the positions that predict them; -100 does not count. */
  readonly labels: Int32Array;
  readonly logits: Float32Array;
  readonly loss: number;
  readonly losses: Float32Array;
  readonly parameters: readonly FixtureParameter[];
}

export interface FixtureParameter {
  readonly spec: ParameterSpec;
  readonly start: Float32Array;
  /** Before clipping. */
  readonly gradient: Float32Array;
  readonly final: Float32Array;
}

const KINDS = ['param', 'grad', 'final'] as const;
/** Masks and frequencies that some versions of Hugging Face's models keep beside the parameters. */
const BUFFER = /(\.attn\.(masked_)?bias|\.rotary_emb\.inv_freq)$/;

/**
 * Reads a fixture from the tensors of its safetensors file and the JSON beside it. Fields that the JSON
 * leaves out are as in Hugging Face, or follow from which parameters there are. Throws ANN-TRN-016
 * where a tensor is missing, unknown or of another shape, ANN-FMT where the config is not a model's.
 */
export function readFixture(tensors: FixtureTensors, settings: unknown): Fixture {
  const json = fields(settings, 'the JSON');
  const batch = whole(json, 'batch_size');
  const context = whole(json, 'sequence_length');
  const steps = whole(json, 'steps');
  const optimizer = fields(json.optimizer, 'optimizer');
  const model = modelOf(fields(json.config, 'config'), tensors);
  const specs = parameterSpecs(model);
  const vocab = model.vocab_size;
  checkNames(model, specs, tensors);
  return {
    model,
    optimizer: optimizerOf(optimizer),
    learning_rate: number(optimizer, 'learning_rate'),
    batch,
    context,
    steps,
    input_ids: ints(tensors, 'input_ids', [batch, context]),
    labels: ints(tensors, 'labels', [batch, context]),
    logits: floats(tensors, 'logits', [batch, context, vocab]),
    loss: floats(tensors, 'loss', null, 1)[0] as number,
    losses: floats(tensors, 'losses', null, steps),
    parameters: specs.map((spec) => ({
      spec,
      start: floats(tensors, `param.${spec.name}`, spec.shape),
      gradient: floats(tensors, `grad.${spec.name}`, spec.shape),
      final: floats(tensors, `final.${spec.name}`, spec.shape),
    })),
  };
}

type Fields = Readonly<Record<string, unknown>>;

/** Dropout is off: a fixture's numbers could not depend on another program's random bits. */
function modelOf(config: Fields, tensors: FixtureTensors): ModelConfig {
  const has = (end: string): boolean => {
    for (const name of tensors.keys()) if (name.startsWith('param.') && name.endsWith(end)) return true;
    return false;
  };
  const model = fromConfigJson(config);
  const tie_word_embeddings =
    config.tie_word_embeddings === undefined ? isTied(model, tensors) : model.tie_word_embeddings;
  if (model.model_type === 'gpt2') {
    const bias = config.bias === undefined ? has('.c_attn.bias') : model.bias;
    return { ...model, bias, tie_word_embeddings, embd_pdrop: 0, attn_pdrop: 0, resid_pdrop: 0 };
  }
  const attention_bias = config.attention_bias === undefined ? has('.q_proj.bias') : model.attention_bias;
  return {
    ...model,
    attention_bias,
    attention_output_bias: has('.o_proj.bias'),
    tie_word_embeddings,
    attention_dropout: 0,
  };
}

/** Without a head there is nothing but the embeddings; a head with numbers of its own is not tied. */
function isTied(model: ModelConfig, tensors: FixtureTensors): boolean {
  const head = tensors.get('param.lm_head.weight');
  if (head === undefined) return true;
  return model.tie_word_embeddings && equal(head, tensors.get(`param.${tableName(model)}`));
}

function tableName(model: ModelConfig): string {
  return model.model_type === 'gpt2' ? 'transformer.wte.weight' : 'model.embed_tokens.weight';
}

function optimizerOf(optimizer: Fields): OptimizerConfig {
  const optim = optimizer.optim ?? 'adamw';
  if (optim !== 'adamw' && optim !== 'sgd' && optim !== 'lion' && optim !== 'muon') {
    throw bad(`optimizer.optim is ${JSON.stringify(optim)}, not adamw, sgd, lion or muon`, 'optimizer.optim');
  }
  return {
    optim,
    weight_decay: number(optimizer, 'weight_decay', 0),
    adam_beta1: number(optimizer, 'adam_beta1', 0.9),
    adam_beta2: number(optimizer, 'adam_beta2', 0.999),
    adam_epsilon: number(optimizer, 'adam_epsilon', 1e-8),
    max_grad_norm: number(optimizer, 'max_grad_norm', 0),
  };
}

function checkNames(model: ModelConfig, specs: readonly ParameterSpec[], tensors: FixtureTensors): void {
  const known = new Set(['input_ids', 'labels', 'logits', 'loss', 'losses']);
  for (const { name } of specs) for (const kind of KINDS) known.add(`${kind}.${name}`);
  const missing = [...known].filter((name) => !tensors.has(name));
  if (missing.length > 0) {
    throw bad(`The fixture has no ${list(missing)}`, missing[0] ?? '');
  }
  const extra = [...tensors.keys()].filter((name) => {
    if (known.has(name) || BUFFER.test(name)) return false;
    // A tied head may be written out as well, as long as it says the same as the embeddings.
    const [kind, rest] = split(name);
    if (model.model_type === 'gpt2' && !model.bias && rest.endsWith('.bias')) {
      // A model without biases may be saved with zeros, so that other programs find what they look for.
      return tensors.get(name)?.values.some((value) => value !== 0) ?? false;
    }
    return !(
      rest === 'lm_head.weight' && equal(tensors.get(name), tensors.get(`${kind}.${tableName(model)}`))
    );
  });
  if (extra.length > 0) {
    throw bad(`The fixture has ${list(extra)}, which this ${model.model_type} has not`, extra[0] ?? '');
  }
}

function split(name: string): readonly [string, string] {
  const dot = name.indexOf('.');
  return [name.slice(0, dot), name.slice(dot + 1)];
}

function equal(a: FixtureTensor | undefined, b: FixtureTensor | undefined): boolean {
  if (a === undefined || b === undefined || a.values.length !== b.values.length) return false;
  return a.values.every((value, i) => value === b.values[i]);
}

function ints(tensors: FixtureTensors, name: string, shape: readonly number[]): Int32Array {
  const { values } = checked(tensors, name, shape, 0);
  return values instanceof Int32Array ? values : Int32Array.from(values);
}

function floats(
  tensors: FixtureTensors,
  name: string,
  shape: readonly number[] | null,
  size = 0,
): Float32Array {
  const { values } = checked(tensors, name, shape, size);
  return values instanceof Float32Array ? values : Float32Array.from(values);
}

/** A null shape asks for `size` elements in any shape. */
function checked(
  tensors: FixtureTensors,
  name: string,
  shape: readonly number[] | null,
  size: number,
): FixtureTensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw bad(`The fixture has no ${name}`, name);
  const fits = shape === null ? tensor.values.length === size : String(tensor.shape) === String(shape);
  if (!fits) {
    const expected = shape === null ? `${size} numbers` : `[${shape.join(', ')}]`;
    throw bad(`${name} has the shape [${tensor.shape.join(', ')}]; the config asks for ${expected}`, name);
  }
  return tensor;
}

function fields(value: unknown, where: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Fields;
  throw bad(`${where} is not an object`, where);
}

function whole(json: Fields, name: string): number {
  const value = json[name];
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw bad(`${name} is ${JSON.stringify(value)}, not a whole number from 1 on`, name);
}

function number(json: Fields, name: string, otherwise?: number): number {
  const value = json[name] ?? otherwise;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw bad(`${name} is ${JSON.stringify(value)}, not a number`, name);
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

function bad(message: string, where: string) {
  return trainingErrors.badFixture({ message: `${message}.`, where });
}
