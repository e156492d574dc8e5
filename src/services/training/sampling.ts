import type { Clock } from '../../base/clock.ts';
import type { Abort } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { SampleOutcome } from '../../domain/runs/ports.ts';
import type { DeviceChoice, DeviceInfo } from '../../engine/device.ts';
import type { Generation } from '../../engine/inference/continuation.ts';
import { type Decoder, openDecoder } from '../../engine/inference/decoder.ts';
import { generate, generateBatch } from '../../engine/inference/generate.ts';
import type { SamplingConfig } from '../../engine/training/spec.ts';
import type { DeviceHolder } from './device-holder.ts';
import type { LoadedModel } from './models.ts';

/** Draws text from models; the last one stays on the device until another is asked for. */
export interface Sampler {
  /** Throws ANN-RUN-012 when aborted. `load` is called only where the model of this key is not there yet. */
  sample(
    key: string,
    load: () => Promise<LoadedModel>,
    request: SamplingRequest,
    onText: (delta: string) => void,
    signal?: Abort,
  ): Promise<SampleOutcome>;
  /**
   * Continues several prompts side by side, as many at a time as `SIDE_BY_SIDE`; an outcome for each, in
   * order, whose tokens per second are those of all together. Throws ANN-RUN-012 when aborted.
   */
  sampleAll(
    key: string,
    load: () => Promise<LoadedModel>,
    request: SamplingRequest & { readonly prompts: readonly string[] },
    signal?: Abort,
  ): Promise<readonly SampleOutcome[]>;
  /** Frees the device's memory. */
  release(): Promise<void>;
}

export interface SamplingRequest {
  readonly sampling: SamplingConfig;
  readonly device: DeviceChoice;
}

/** Each takes a cache of its own on the device. */
const SIDE_BY_SIDE = 8;

interface Held {
  readonly key: string;
  readonly device: unknown;
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
    batch: number,
  ): Promise<Held & { readonly info: DeviceInfo }> {
    const { opened, device: info } = await devices.open(choice);
    if (held === null || held.key !== key || held.device !== opened || held.decoder.batch !== batch) {
      release();
      const { model, read, tokenizer } = await load();
      held = { key, device: opened, decoder: await openDecoder(opened, model, read, batch), tokenizer };
    }
    return { ...held, info };
  }
  const outcomeOf = (
    { text, tokens, ended }: Generation,
    tokens_per_second: number,
    device: DeviceInfo,
  ): SampleOutcome => {
    if (ended === 'aborted') throw runErrors.aborted();
    return { text, tokens, ended, tokens_per_second, device };
  };

  return {
    sample: (key, load, { sampling, device: choice }, onText, signal) =>
      inTurn(async () => {
        stopIf(signal);
        const { decoder, tokenizer, info } = await hold(key, load, choice, 1);
        const began = clock.elapsed();
        const running = generate({
          decoder,
          tokenizer,
          sampling,
          breathe,
          ...(signal === undefined ? {} : { signal }),
        });
        for (;;) {
          const next = await running.next();
          if (!next.done) {
            if (next.value.text !== '') onText(next.value.text);
            continue;
          }
          return outcomeOf(next.value, rate(next.value.tokens, clock.elapsed() - began), info);
        }
      }),
    sampleAll: (key, load, { sampling, device: choice, prompts }, signal) =>
      inTurn(async () => {
        stopIf(signal);
        const batch = Math.max(1, Math.min(SIDE_BY_SIDE, prompts.length));
        const { decoder, tokenizer, info } = await hold(key, load, choice, batch);
        const began = clock.elapsed();
        const stop = signal === undefined ? {} : { signal };
        const all = await generateBatch({ decoder, tokenizer, sampling, prompts, breathe, ...stop });
        const tokens = all.reduce((sum, generation) => sum + generation.tokens, 0);
        const together = rate(tokens, clock.elapsed() - began);
        return all.map((generation) => outcomeOf(generation, together, info));
      }),
    release: () => inTurn(async () => release()),
  };
}

function stopIf(signal: Abort | undefined): void {
  if (signal?.aborted) throw runErrors.aborted();
}

/** A second. */
function rate(tokens: number, milliseconds: number): number {
  return milliseconds > 0 ? (tokens / milliseconds) * 1000 : 0;
}
