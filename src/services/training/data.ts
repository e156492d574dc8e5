import { z } from 'zod';
import type { ErrorFacts } from '../../base/error.ts';
import type { Abort, ArtifactStore, Hasher, Sha256 } from '../../domain/artifacts/ports.ts';
import type { Config } from '../../domain/config/schema.ts';
import { decodeText } from '../../domain/data/decode.ts';
import type { DataPorts } from '../../domain/data/ports.ts';
import { dataProfile, prepareData as tokenise } from '../../domain/data/prepare.ts';
import { tokenizerKey } from '../../domain/data/tokenizer-key.ts';
import type { DataProfile } from '../../domain/preflight/report.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import { sha256Schema } from '../../domain/runs/events.ts';
import type { DataRequest, Progress, Settings } from '../../domain/runs/ports.ts';
import { loadTokenizer } from '../../engine/tokenizers/load.ts';
import type { Tokenizer } from '../../engine/tokenizers/tokenizer.ts';
import type { Tokens } from '../../engine/training/batches.ts';
import { collect, once } from '../data/artifacts.ts';

/** Tokenizer and token ids of a text; they took long, so they are kept by hash and found again. */
export interface TokenisedData {
  readonly profile: DataProfile;
  readonly tokenizer: Tokenizer;
  /** Of its tokenizer.json, which lies among the artifacts. */
  readonly tokenizer_sha256: Sha256;
  readonly train: Tokens;
  readonly validation: Tokens;
  readonly notices: readonly ErrorFacts[];
}

export interface DataDeps {
  readonly artifacts: ArtifactStore;
  readonly settings: Settings;
  readonly hasher: Hasher;
  /** Lets messages in. */
  readonly breathe: () => Promise<void>;
  /** The text of the built-in corpus, always the same. */
  readonly stories: (onProgress: (done: number) => void) => Promise<string>;
}

type Report = (progress: Progress) => void;

/** Makes sure that the text is among the artifacts. Throws ANN-RUN-006 where it is not and cannot be generated. */
export async function locateData(deps: DataDeps, request: DataRequest, report: Report): Promise<Sha256> {
  if (request.sha256 !== null && (await deps.artifacts.stat(request.sha256)) !== null) return request.sha256;
  if (request.sha256 !== null && request.source !== 'stories') {
    throw runErrors.missingData({ where: request.source, data: { sha256: request.sha256 } });
  }
  const known = sha256Schema.safeParse(await deps.settings.get(STORIES));
  if (known.success && (await deps.artifacts.stat(known.data)) !== null) return known.data;
  const text = await deps.stories((done) => report({ what: 'Writing the stories', done, total: 1 }));
  const { sha256 } = await deps.artifacts.put(
    once(new TextEncoder().encode(text)),
    request.sha256 ?? undefined,
  );
  await deps.settings.set(STORIES, sha256);
  return sha256;
}

/** What is known of a text before it has tokens. Throws ANN-DAT where it is no text. */
export async function profileData(
  deps: DataDeps,
  request: DataRequest,
  report: Report,
): Promise<DataProfile> {
  const sha256 = await locateData(deps, request, report);
  const text = await readText(deps, sha256, request.source);
  return { ...(await dataProfile(request.source, text, ports(deps, report))), sha256 };
}

/**
 * Makes the tokenizer that the config asks for, or takes the given one, and encodes both parts of the text.
 * Throws ANN-DAT where it is no text, ANN-TOK where no tokenizer can be made or it was stopped.
 */
export async function tokeniseData(
  deps: DataDeps,
  source: string,
  sha256: Sha256,
  config: Config['data'],
  tokenizer_sha256: Sha256 | null,
  report: Report,
  signal?: Abort,
): Promise<TokenisedData> {
  const section =
    tokenizer_sha256 === null ? config.tokenizer : ({ type: 'file', path: tokenizer_sha256 } as const);
  const key = `tokens/${sha256}/${JSON.stringify([section, config.validation_split])}`;
  const found = keptSchema.safeParse(await deps.settings.get(key));
  // What is kept belongs to the bytes; whoever asks may know them by other names.
  const named = (profile: DataProfile): DataProfile => {
    const { tokenizer } = profile;
    const own = tokenizerKey(config.tokenizer, config.validation_split);
    return { ...profile, source, tokenizer: tokenizer === null ? null : { ...tokenizer, key: own } };
  };
  const again = found.success ? await restore(deps, found.data) : null;
  if (again !== null) return { ...again, profile: named(again.profile) };

  const made = await tokenise(
    {
      source,
      text: await readText(deps, sha256, source),
      validation_split: config.validation_split,
      tokenizer: section,
      ...(tokenizer_sha256 === null ? {} : { tokenizerJson: await readJson(deps, tokenizer_sha256) }),
    },
    ports(deps, report, signal),
  );
  // The artifact's hash: a file that is no UTF-8 with LF has another one than its text.
  const profile = named({ ...made.profile, sha256 });
  const narrow = made.tokenizer.vocab_size <= 0x10000;
  const train = narrow ? Uint16Array.from(made.train) : made.train;
  const validation = narrow ? Uint16Array.from(made.validation) : made.validation;
  const kept: Kept = {
    profile,
    notices: [...made.notices],
    tokenizer: (await deps.artifacts.put(once(new TextEncoder().encode(made.tokenizer.toJSON())))).sha256,
    narrow,
    train: (await deps.artifacts.put(once(bytesOf(train)))).sha256,
    validation: (await deps.artifacts.put(once(bytesOf(validation)))).sha256,
  };
  await deps.settings.set(key, kept);
  return {
    profile,
    tokenizer: made.tokenizer,
    tokenizer_sha256: kept.tokenizer,
    train,
    validation,
    notices: made.notices,
  };
}

const STORIES = 'stories/sha256';

const keptSchema = z.object({
  profile: z.custom<DataProfile>((value) => typeof value === 'object' && value !== null),
  notices: z.array(z.custom<ErrorFacts>((value) => typeof value === 'object' && value !== null)),
  tokenizer: sha256Schema,
  /** 16 bits a token. */
  narrow: z.boolean(),
  train: sha256Schema,
  validation: sha256Schema,
});
type Kept = z.infer<typeof keptSchema>;

/** Null where any of it is gone: what can be made again may be cleaned away. */
async function restore(deps: DataDeps, kept: Kept): Promise<TokenisedData | null> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for (const sha256 of [kept.tokenizer, kept.train, kept.validation]) {
    const stream = await deps.artifacts.open(sha256);
    if (stream === null) return null;
    parts.push(await collect(stream));
  }
  const [json, train, validation] = parts;
  if (json === undefined || train === undefined || validation === undefined) return null;
  const tokens = (bytes: Uint8Array<ArrayBuffer>): Tokens =>
    kept.narrow ? new Uint16Array(bytes.buffer) : new Int32Array(bytes.buffer);
  return {
    profile: kept.profile,
    notices: kept.notices,
    tokenizer: await loadTokenizer(new TextDecoder().decode(json)),
    tokenizer_sha256: kept.tokenizer,
    train: tokens(train),
    validation: tokens(validation),
  };
}

async function readText(deps: DataDeps, sha256: Sha256, source: string): Promise<string> {
  const stream = await deps.artifacts.open(sha256);
  if (stream === null) throw runErrors.missingData({ where: source });
  const decoded = decodeText(await collect(stream), source);
  if (!decoded.ok) throw decoded.error;
  return decoded.value.text;
}

async function readJson(deps: DataDeps, sha256: Sha256): Promise<string> {
  const stream = await deps.artifacts.open(sha256);
  if (stream === null) throw runErrors.missingData({ message: 'The tokenizer file is not on this machine' });
  return new TextDecoder().decode(await collect(stream));
}

function ports(deps: DataDeps, report: Report, signal?: Abort): DataPorts {
  return {
    hasher: deps.hasher,
    pause: deps.breathe,
    onProgress: (done) => report({ what: 'Training the tokenizer', done, total: 1 }),
    shouldStop: () => signal?.aborted ?? false,
  };
}

function bytesOf(tokens: Tokens): Uint8Array<ArrayBuffer> {
  return new Uint8Array(tokens.slice().buffer);
}
