import type { Clock } from '../../base/clock.ts';
import { AnnealError, toAnnealError } from '../../base/error.ts';
import type { Abort } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { PromptOutcome, SampleEvent, SampleOutcome, SampleRequest } from '../../domain/runs/ports.ts';
import type { Device, DeviceChoice, DeviceInfo } from '../../engine/device.ts';
import { deviceErrors } from '../../engine/errors.ts';
import type { Generation } from '../../engine/inference/continuation.ts';
import { type Decoder, openDecoder } from '../../engine/inference/decoder.ts';
import { generateBatch } from '../../engine/inference/generate.ts';
import type { DeviceHolder } from './device-holder.ts';
import type { LoadedModel } from './models.ts';

/** Draws text from models; the last one stays on the device until another is asked for. */
export interface Sampler {
  /**
   * Continues the prompts side by side, as many at a time as `SIDE_BY_SIDE` or as the device has memory
   * for. A prompt that cannot be continued says why and holds up no other. `load` is called only where the
   * model of this key is not there yet. Throws ANN-RUN-012 when aborted.
   */
  sample(
    key: string,
    load: () => Promise<LoadedModel>,
    request: SamplingRequest,
    onEvent: (event: SampleEvent) => void,
    signal?: Abort,
  ): Promise<SampleOutcome>;
  /** Frees the device's memory. */
  release(): Promise<void>;
}

export type SamplingRequest = Omit<SampleRequest, 'source'>;

/** Each takes a cache of its own on the device. */
const SIDE_BY_SIDE = 8;

interface Held {
  readonly key: string;
  readonly device: unknown;
  /** So many sequences were asked for; the decoder may have fewer. */
  readonly wanted: number;
  readonly decoder: Decoder;
  readonly tokenizer: LoadedModel['tokenizer'];
}

export function createSampler(
  devices: DeviceHolder,
  { clock, breathe }: { readonly clock: Clock; readonly breathe: () => Promise<void> },
): Sampler {
  let held: Held | null = null;
  /** A decoder has one cache: whoever comes second waits. */
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const release = (): void => {
    held?.decoder.dispose();
    held = null;
  };
  async function hold(
    key: string,
    load: () => Promise<LoadedModel>,
    choice: DeviceChoice,
    wanted: number,
  ): Promise<Held & { readonly info: DeviceInfo }> {
    const { opened, device: info } = await devices.open(choice);
    if (held === null || held.key !== key || held.device !== opened || held.wanted !== wanted) {
      release();
      const model = await load();
      const decoder = await openFor(opened, model, wanted);
      held = { key, device: opened, wanted, decoder, tokenizer: model.tokenizer };
    }
    return { ...held, info };
  }

  const write: Sampler['sample'] = async (
    key,
    load,
    { drawing, device: choice, prompts },
    onEvent,
    signal,
  ) => {
    stopIf(signal);
    const wanted = Math.max(1, Math.min(SIDE_BY_SIDE, prompts.length));
    const { decoder, tokenizer, info } = await hold(key, load, choice, wanted);
    const outcomes = prompts.map((prompt) => refusalOf(prompt, tokenizer));
    for (const [prompt, outcome] of outcomes.entries()) {
      if (outcome !== null) onEvent({ type: 'ended', prompt, outcome });
    }
    /** Of those that can be continued, their places among all. */
    const places = [...prompts.keys()].filter((prompt) => outcomes[prompt] === null);
    const began = clock.elapsed();
    const turns = new Map<number, number>();
    const generations = await generateBatch({
      decoder,
      tokenizer,
      sampling: drawing,
      prompts: places.map((prompt) => prompts[prompt] ?? ''),
      breathe,
      ...(signal === undefined ? {} : { signal }),
      listener: {
        began: (i) => turns.set(i, clock.elapsed()),
        wrote: (i, text) => onEvent({ type: 'text', prompt: places[i] ?? 0, text }),
        ended: (i, generation) => {
          const outcome = outcomeOf(generation, clock.elapsed() - (turns.get(i) ?? began));
          if (outcome === null) return;
          const prompt = places[i] ?? 0;
          outcomes[prompt] = outcome;
          onEvent({ type: 'ended', prompt, outcome });
        },
      },
    });
    const tokens = generations.reduce((sum, generation) => sum + generation.tokens, 0);
    const done = outcomes.filter((outcome) => outcome !== null);
    if (done.length < outcomes.length) throw runErrors.aborted();
    return {
      prompts: done,
      tokens,
      tokens_per_second: rate(tokens, clock.elapsed() - began),
      device: info,
    };
  };

  return {
    sample: (...request) =>
      inTurn(() =>
        write(...request).catch((error: unknown) => {
          if (error instanceof AnnealError && error.code !== runErrors.aborted.code) release();
          throw forWriting(error);
        }),
      ),
    release: () => inTurn(async () => release()),
  };
}

/** Where there is no run, what helps is something else than where there is one. */
function forWriting(error: unknown): unknown {
  if (!(error instanceof AnnealError)) return error;
  const fix = FIXES[error.code];
  return fix === undefined ? error : new AnnealError({ ...error.toJSON(), fix }, { cause: error });
}

const FIXES: Readonly<Record<string, string>> = {
  [deviceErrors.lost.code]: 'Write again: the device is opened anew, or the next one is taken.',
  [deviceErrors.outOfMemory.code]:
    'Close what else uses the memory of this device, or choose a smaller model.',
};

/** With as many sequences side by side as there is memory for. Throws as `openDecoder` where there is none for one. */
async function openFor(device: Device, { model, read }: LoadedModel, wanted: number): Promise<Decoder> {
  for (let batch = wanted; ; batch = Math.ceil(batch / 2)) {
    try {
      return await openDecoder(device, model, read, batch);
    } catch (error) {
      const full = error instanceof AnnealError && error.code === deviceErrors.outOfMemory.code;
      if (!full || batch === 1) throw error;
    }
  }
}

/** Why this prompt cannot be continued; null where it can. An empty one can: the model begins by itself. */
function refusalOf(prompt: string, tokenizer: LoadedModel['tokenizer']): PromptOutcome | null {
  try {
    const { ids } = tokenizer.encode(prompt);
    if (ids.length > 0 || prompt === '') return null;
    return { ok: false, error: runErrors.unknownPrompt().toJSON() };
  } catch (error) {
    return { ok: false, error: toAnnealError(error, runErrors.unknownPrompt).toJSON() };
  }
}

/** Null where it was aborted. */
function outcomeOf({ text, tokens, ended, dropped }: Generation, milliseconds: number): PromptOutcome | null {
  if (ended === 'aborted') return null;
  return { ok: true, text, tokens, ended, dropped, tokens_per_second: rate(tokens, milliseconds) };
}

function stopIf(signal: Abort | undefined): void {
  if (signal?.aborted) throw runErrors.aborted();
}

/** A second. */
function rate(tokens: number, milliseconds: number): number {
  return milliseconds > 0 ? (tokens / milliseconds) * 1000 : 0;
}
