import { createBpe } from './bpe.ts';
import { createChar } from './char.ts';
import { tokenizerErrors } from './errors.ts';
import { fileTokenizer } from './file-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';
import { readOwn } from './tokenizer-json.ts';

/**
 * Reads a Hugging Face tokenizer.json: characters and byte-level BPE as they are saved here run on our
 * own code, everybody else's through @huggingface/tokenizers. `config` is the parsed
 * tokenizer_config.json beside it. Throws ANN-TOK-001 to 004.
 */
export async function loadTokenizer(
  json: string,
  config?: Readonly<Record<string, unknown>>,
): Promise<Tokenizer> {
  const parsed = parse(json);
  const own = readOwn(parsed);
  if (own?.type === 'char') return createChar(own.characters);
  if (own?.type === 'bpe') return createBpe(own.model);
  if (!looksLikeTokenizer(parsed)) throw tokenizerErrors.notTokenizer();
  return await fileTokenizer(json, parsed, config);
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw tokenizerErrors.notJson({ message: `The tokenizer file is not JSON: ${detail}`, cause: thrown });
  }
}

function looksLikeTokenizer(parsed: unknown): parsed is object {
  if (typeof parsed !== 'object' || parsed === null || !('model' in parsed)) return false;
  const { model } = parsed;
  return typeof model === 'object' && model !== null && 'vocab' in model;
}
