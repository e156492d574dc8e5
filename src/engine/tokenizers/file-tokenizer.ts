import { END_OF_TEXT } from './bpe-model.ts';
import { tokenizerErrors } from './errors.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Names that end a document in the folders one meets, where tokenizer_config.json does not say. */
const END_TOKENS = [END_OF_TEXT, '<|end_of_text|>', '</s>', '<eos>', '<|im_end|>'];

/** Far above any vocabulary there is. */
const MOST_TOKENS = 1 << 24;

/**
 * Somebody else's tokenizer.json, run by @huggingface/tokenizers, which is loaded only when needed.
 * `config` is the tokenizer_config.json beside it, where there is one. No special tokens are put around
 * a text: training data is one stream. Throws ANN-TOK-004 where the package cannot run it.
 */
export async function fileTokenizer(
  json: string,
  parsed: object,
  config: Readonly<Record<string, unknown>> = {},
): Promise<Tokenizer> {
  const vocab_size = countTokens(parsed);
  const { Tokenizer: Package } = await import('@huggingface/tokenizers');
  // The package wants every section to be there; older files leave out those that are null.
  const whole = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...parsed };
  const inner = guard(() => new Package({ added_tokens: [], ...whole }, config));

  return {
    type: 'file',
    vocab_size,
    eos_token_id: endOfText(config, (token) => guard(() => inner.token_to_id(token))),
    encode(text) {
      const found: readonly (number | undefined)[] = guard(
        () => inner.encode(text.toWellFormed(), { add_special_tokens: false }).ids,
      );
      const ids = found.filter((id) => id !== undefined);
      return { ids: Int32Array.from(ids), dropped: found.length - ids.length };
    },
    decode(ids) {
      if (ids.length === 0) return '';
      const options = { skip_special_tokens: true, clean_up_tokenization_spaces: false };
      return guard(() => inner.decode(Array.from(ids), options));
    },
    toJSON: () => json,
  };
}

/**
 * One more than the largest id. Checked before the package sees the file: it makes an array as long as the
 * largest id, which a broken file can put anywhere.
 */
function countTokens(parsed: object): number {
  const { model, added_tokens } = parsed as { model: { vocab: unknown }; added_tokens?: unknown };
  const { vocab } = model;
  const added = Array.isArray(added_tokens) ? added_tokens.map((token: unknown) => idOfAdded(token)) : [];
  const ids: unknown[] = Array.isArray(vocab) ? [vocab.length - 1] : Object.values(Object(vocab));
  let largest = -1;
  for (const id of [...ids, ...added]) {
    if (typeof id !== 'number' || !Number.isInteger(id) || id < 0 || id >= MOST_TOKENS) {
      throw tokenizerErrors.broken({
        message: `The tokenizer gives a token the id ${JSON.stringify(id)}; ids are whole numbers from 0 to ${MOST_TOKENS - 1}.`,
      });
    }
    largest = Math.max(largest, id);
  }
  if (largest < 0) throw tokenizerErrors.broken({ message: 'The tokenizer has no tokens at all.' });
  return largest + 1;
}

function idOfAdded(token: unknown): unknown {
  return typeof token === 'object' && token !== null && 'id' in token ? token.id : null;
}

function endOfText(
  config: Readonly<Record<string, unknown>>,
  idOf: (token: string) => number | undefined,
): number | null {
  const stated = config.eos_token;
  // Either the token itself or {content: ...}.
  const content =
    typeof stated === 'object' && stated !== null && 'content' in stated ? stated.content : stated;
  const names = typeof content === 'string' ? [content] : END_TOKENS;
  for (const name of names) {
    const id = idOf(name);
    if (id !== undefined) return id;
  }
  return null;
}

function guard<T>(run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw tokenizerErrors.unsupported({
      message: `This tokenizer cannot be run here: ${detail}`,
      cause: thrown,
    });
  }
}
