import type { ErrorFacts } from '../../base/error.ts';
import { trainBpe } from '../../engine/tokenizers/bpe-trainer.ts';
import { charTokenizer } from '../../engine/tokenizers/char.ts';
import { loadTokenizer } from '../../engine/tokenizers/load.ts';
import type { Tokenizer } from '../../engine/tokenizers/tokenizer.ts';
import type { DataProfile } from '../preflight/report.ts';
import { dataErrors } from './errors.ts';
import { inspectText } from './inspect.ts';
import type { DataPorts } from './ports.ts';
import { splitText } from './split.ts';
import { type TokenizerSection, tokenizerKey } from './tokenizer-key.ts';

export interface DataRequest {
  /** The config's `source`. */
  readonly source: string;
  /** As `decodeText` gives it. */
  readonly text: string;
  readonly validation_split: number;
  readonly tokenizer: TokenizerSection;
  /** What lies at the path of `tokenizer: { type: file }`. */
  readonly tokenizerJson?: string;
}

export interface PreparedData {
  readonly tokenizer: Tokenizer;
  readonly train: Int32Array;
  readonly validation: Int32Array;
  readonly profile: DataProfile;
  readonly notices: readonly ErrorFacts[];
}

/** What is known of a text before it has tokens. */
export async function dataProfile(source: string, text: string, ports: DataPorts): Promise<DataProfile> {
  const { characters, distinct_characters } = inspectText(text, { top: 0, preview: 0 });
  const { sha256, bytes } = await hashText(text, ports);
  return { source, sha256, bytes, characters, distinct_characters, tokenizer: null };
}

/**
 * Tokenizer and tokens of both parts of a text. Characters are taken from the whole text, as nanoGPT does,
 * so that validation meets no unknown one; BPE learns its merges from the training part alone. Throws ANN-DAT-007
 * where the tokenizer file is missing, ANN-TOK where it is broken or the work was stopped.
 */
export async function prepareData(request: DataRequest, ports: DataPorts): Promise<PreparedData> {
  const { source, text, validation_split, tokenizer: section } = request;
  const profile = await dataProfile(source, text, ports);
  const parts = splitText(text, validation_split);
  const tokenizer = await makeTokenizer(request, parts.train, ports);
  const train = tokenizer.encode(parts.train);
  await ports.pause?.();
  const validation = tokenizer.encode(parts.validation);
  const notices: ErrorFacts[] = [];
  const dropped = train.dropped + validation.dropped;
  if (dropped > 0) {
    const message = `${dropped} characters have no token in this tokenizer and were left out.`;
    notices.push(dataErrors.droppedCharacters({ message, where: source, data: { dropped } }).toJSON());
  }
  if (train.ids.length === 0 || (validation_split > 0 && validation.ids.length === 0)) {
    const part = train.ids.length === 0 ? 'training' : 'validation';
    notices.push(
      dataErrors.emptyPart({ message: `The ${part} part of the text is empty.`, where: source }).toJSON(),
    );
  }
  return {
    tokenizer,
    train: train.ids,
    validation: validation.ids,
    profile: {
      ...profile,
      tokenizer: {
        key: tokenizerKey(section, validation_split),
        vocab_size: tokenizer.vocab_size,
        train_tokens: train.ids.length,
        validation_tokens: validation.ids.length,
      },
    },
    notices,
  };
}

async function makeTokenizer(request: DataRequest, train: string, ports: DataPorts): Promise<Tokenizer> {
  const { tokenizer: section, text, tokenizerJson } = request;
  if (section.type === 'char') return charTokenizer(text);
  if (section.type === 'file') {
    if (tokenizerJson === undefined) throw dataErrors.noTokenizerFile({ where: section.path });
    return await loadTokenizer(tokenizerJson);
  }
  return await trainBpe({ text: train, vocabSize: section.vocab_size, ...ports });
}

const HASHED_AT_ONCE = 1 << 20;

/** Of the text in UTF-8: the same for everyone, in whatever encoding the file came. */
export async function hashText(
  text: string,
  { hasher, pause }: DataPorts,
): Promise<{ readonly sha256: string; readonly bytes: number }> {
  const state = await hasher.sha256();
  const encoder = new TextEncoder();
  const whole = text.toWellFormed();
  let bytes = 0;
  let from = 0;
  while (from < whole.length) {
    let to = Math.min(whole.length, from + HASHED_AT_ONCE);
    const last = whole.charCodeAt(to - 1);
    if (to < whole.length && last >= 0xd800 && last <= 0xdbff) to--; // a pair stays together
    const part = encoder.encode(whole.slice(from, to));
    state.update(part);
    bytes += part.length;
    from = to;
    await pause?.();
  }
  return { sha256: state.digest(), bytes };
}
