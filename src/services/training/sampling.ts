import type { Clock } from '../../base/clock.ts';
import type { Abort } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { SampleOutcome } from '../../domain/runs/ports.ts';
import type { DeviceChoice } from '../../engine/device.ts';
import { type Decoder, openDecoder } from '../../engine/inference/decoder.ts';
import { generate } from '../../engine/inference/generate.ts';
import type { SamplingConfig } from '../../engine/training/spec.ts';
import type { DeviceHolder } from './device-holder.ts';
import type { LoadedModel } from './models.ts';

/** Draws text from models; the last one stays on the device until another is asked for. */
export interface Sampler {
  /** Throws ANN-RUN-012 when aborted. `load` is called only where the model of this key is not there yet. */
  sample(
    key: string,
    load: () => Promise<LoadedModel>,
    request: { readonly sampling: SamplingConfig; readonly device: DeviceChoice },
    onText: (delta: string) => void,
    signal?: Abort,
  ): Promise<SampleOutcome>;
  /** Frees the device's memory. */
  release(): Promise<void>;
}

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

  return {
    sample: (key, load, { sampling, device: choice }, onText, signal) =>
      inTurn(async () => {
        stopIf(signal);
        const { opened, device } = await devices.open(choice);
        if (held === null || held.key !== key || held.device !== opened) {
          release();
          const { model, read, tokenizer } = await load();
          held = { key, device: opened, decoder: await openDecoder(opened, model, read), tokenizer };
        }
        const { decoder, tokenizer } = held;
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
          const { text, tokens, ended } = next.value;
          if (ended === 'aborted') throw runErrors.aborted();
          const seconds = (clock.elapsed() - began) / 1000;
          return { text, tokens, ended, tokens_per_second: seconds > 0 ? tokens / seconds : 0, device };
        }
      }),
    release: () => inTurn(async () => release()),
  };
}

function stopIf(signal: Abort | undefined): void {
  if (signal?.aborted) throw runErrors.aborted();
}
