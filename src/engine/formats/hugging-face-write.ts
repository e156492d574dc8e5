import { parameterSpecs } from '../models/parameters.ts';
import type { ModelConfig, SamplingConfig } from '../training/spec.ts';
import { formatErrors } from './errors.ts';
import { type SpecialIds, toConfigJson, withAllBiases } from './hugging-face-config.ts';
import { type CardFacts, modelCard } from './model-card.ts';
import { layoutSafetensors, placeTensor } from './safetensors.ts';

export interface FolderContents {
  readonly model: ModelConfig;
  /** The numbers of a parameter by its name in the engine. Called once for each, one after the other. */
  readonly read: (name: string) => Promise<Float32Array>;
  readonly tokenizer: { readonly eos_token_id: number | null; toJSON(): string };
  readonly sampling: SamplingConfig;
  readonly card: CardFacts;
}

/**
 * The files of a Hugging Face folder that `AutoModelForCausalLM.from_pretrained` and `AutoTokenizer` read.
 * A gpt2 without biases, and a llama with none on its output projections alone, are saved with zeros, as
 * transformers has no such variant; the head is saved only where it is not tied. Throws ANN-FMT-011 where a parameter has another size than the model says.
 */
export async function writeFolder(contents: FolderContents): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const { model, tokenizer, sampling, card } = contents;
  const special: SpecialIds = { bos_token_id: tokenizer.eos_token_id, eos_token_id: tokenizer.eos_token_id };
  const tokenizerJson = tokenizer.toJSON();
  return new Map([
    ['config.json', json(toConfigJson(model, special))],
    ['generation_config.json', json(generationConfig(sampling, special))],
    ['model.safetensors', await weights(model, contents.read)],
    ['tokenizer.json', new TextEncoder().encode(tokenizerJson)],
    ['tokenizer_config.json', json(tokenizerConfig(model, tokenizerJson, tokenizer.eos_token_id))],
    ['README.md', new TextEncoder().encode(modelCard(model, card))],
  ]);
}

function json(value: unknown): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

async function weights(model: ModelConfig, read: FolderContents['read']): Promise<Uint8Array<ArrayBuffer>> {
  const learned = new Set(parameterSpecs(model).map(({ name }) => name));
  const saved = parameterSpecs(withAllBiases(model));
  const layout = layoutSafetensors(
    saved.map(({ name, shape }) => ({ name, shape, dtype: 'F32' as const })),
    { format: 'pt' },
  );
  const file = new Uint8Array(layout.bytes); // zeros, which is what biases that do not exist are saved as
  file.set(layout.head);
  for (const entry of layout.entries) {
    if (!learned.has(entry.name)) continue;
    const values = await read(entry.name);
    if (values.byteLength !== entry.end - entry.begin) {
      throw formatErrors.wrongShape({
        message: `${entry.name} has ${values.length} numbers; its shape is [${entry.shape.join(', ')}].`,
        where: entry.name,
      });
    }
    placeTensor(file, entry, values);
  }
  return file;
}

/** GenerationConfig: a temperature of 0 is greedy, for which the other fields must be left out. */
function generationConfig(sampling: SamplingConfig, special: SpecialIds): Record<string, unknown> {
  const { temperature, top_k, top_p, max_new_tokens } = sampling;
  return {
    ...special,
    pad_token_id: special.eos_token_id,
    max_new_tokens,
    ...(temperature === 0 ? { do_sample: false } : { do_sample: true, temperature, top_k, top_p }),
  };
}

function tokenizerConfig(
  model: ModelConfig,
  tokenizerJson: string,
  eos: number | null,
): Record<string, unknown> {
  const end = eos === null ? null : contentOf(tokenizerJson, eos);
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings,
    clean_up_tokenization_spaces: false,
    ...(end === null ? {} : { bos_token: end, eos_token: end, pad_token: end }),
  };
}

/** The text of an added token of tokenizer.json. */
function contentOf(tokenizerJson: string, id: number): string | null {
  const parsed: unknown = JSON.parse(tokenizerJson);
  if (typeof parsed !== 'object' || parsed === null || !('added_tokens' in parsed)) return null;
  const { added_tokens: added } = parsed;
  if (!Array.isArray(added)) return null;
  const token: unknown = added.find((item: unknown) => isToken(item) && item.id === id);
  return isToken(token) ? token.content : null;
}

function isToken(item: unknown): item is { readonly id: number; readonly content: string } {
  return typeof item === 'object' && item !== null && 'id' in item && 'content' in item;
}
