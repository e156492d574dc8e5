import { hash32 } from '../../base/random.ts';
import type { Device, Executable, Feeds, Outputs, Session, StepProfile } from '../device.ts';
import type { StateSpec } from '../graph/ir.ts';
import { createDecoder, type Decoder, decoderState } from '../inference/decoder.ts';
import { hasDropout, maxPositions } from '../models/forward.ts';
import { updateFeeds } from '../optimizers/update.ts';
import { type Tokens, trainingBatch } from './batches.ts';
import { DeviceWatch } from './device-watch.ts';
import { type Evaluation, lossOver } from './evaluate.ts';
import type { DataOrder } from './order.ts';
import type { TrainingSpec } from './spec.ts';
import { buildTrainingStep, type TrainingStep } from './step.ts';

export interface Update {
  /** Mean over the effective batch, before the update. */
  readonly loss: number;
  readonly grad_norm: number;
  /** What the loss was multiplied by; null without loss scaling. */
  readonly loss_scale: number | null;
  /** Nothing was updated, since a gradient was no number at that scale. */
  readonly skipped: boolean;
  /** Of its programs, in order; none unless it was to be recorded. */
  readonly profiles: readonly StepProfile[];
}

/** An update that is under way. */
export interface StartedUpdate {
  /** Never left unhandled: whoever waits for it sees the error, and nobody must. */
  readonly done: Promise<Update>;
}

/** The device's side of a run: state that lives there, and the programs over it. */
export class LiveTraining {
  /** What a checkpoint holds: parameters first, then what the optimizer keeps. */
  readonly kept: readonly StateSpec[];
  /** Sequences of one update. */
  readonly sequences: number;
  readonly tokens: number;
  /** Tokens of one sequence: as many as the model has positions. */
  readonly context: number;
  /** Updates that may be under way at a time. */
  readonly most: number;
  /** Whether an update can be recorded. */
  readonly canProfile: boolean;
  readonly #spec: TrainingSpec;
  readonly #session: Session;
  readonly #watch: DeviceWatch;
  readonly #step: TrainingStep;
  readonly #sizes: { readonly batch: number; readonly context: number };
  /** The fused step, or accumulate and apply. */
  readonly #programs: readonly Executable[];
  #evaluate: Executable | null = null;
  #decoder: Decoder | null = null;

  /** All state zero. Throws ANN-DEV errors, ANN-GRF-003 for shapes that do not fit. */
  static async open(device: Device, spec: TrainingSpec): Promise<LiveTraining> {
    const context = maxPositions(spec.model);
    const step = buildTrainingStep({
      model: spec.model,
      optimizer: spec.optimizer,
      batch: spec.per_device_train_batch_size,
      context,
      accumulation: spec.gradient_accumulation_steps,
      gradient_checkpointing: spec.gradient_checkpointing ?? false,
      dtype: spec.dtype,
    });
    const watch = new DeviceWatch(device);
    const caches = decoderState(spec.model).filter(({ kind }) => kind === 'cache');
    const session = await watch.guard(device.open([...step.state, ...caches]));
    try {
      const programs: Executable[] = [];
      const { update } = step;
      for (const program of update.mode === 'fused' ? [update.step] : [update.accumulate, update.apply]) {
        programs.push(await watch.guard(session.compile(program)));
      }
      return new LiveTraining(spec, session, watch, step, programs, Math.max(1, device.runs_ahead ?? 1));
    } catch (error) {
      session.dispose();
      throw error;
    }
  }

  private constructor(
    spec: TrainingSpec,
    session: Session,
    watch: DeviceWatch,
    step: TrainingStep,
    programs: readonly Executable[],
    most: number,
  ) {
    this.most = most;
    this.canProfile = programs.every((program) => program.profile !== undefined);
    this.#spec = spec;
    this.#session = session;
    this.#watch = watch;
    this.#step = step;
    this.#programs = programs;
    this.context = maxPositions(spec.model);
    this.#sizes = { batch: spec.per_device_train_batch_size, context: this.context };
    this.sequences = spec.per_device_train_batch_size * spec.gradient_accumulation_steps;
    this.tokens = this.sequences * this.context;
    this.kept = ['parameter', 'optimizer'].flatMap((kind) => step.state.filter((s) => s.kind === kind));
  }

  /**
   * Starts one update from the sequences that start at `cursor`, the one after `step` updates; resolves when
   * all of it is on its way. Everything random follows from seed, step and micro-batch, so it is the same
   * whenever and wherever it is done, recorded or not.
   */
  async start(
    data: Tokens,
    order: DataOrder,
    { step, cursor }: { readonly step: number; readonly cursor: number },
    learning_rate: number,
    recorded = false,
  ): Promise<StartedUpdate> {
    const { optimizer, seed, gradient_accumulation_steps } = this.#spec;
    const [first, apply] = this.#programs;
    const profiles: StepProfile[] = [];
    const runs: Promise<Outputs>[] = [];
    const begin = async (program: Executable | undefined, feeds: Feeds): Promise<void> => {
      // A device has room for so many runs; one that fails ends the update.
      if (runs.length >= this.most) await runs[runs.length - this.most];
      const run = recorded ? this.#profile(program, feeds, profiles) : this.#run(program, feeds);
      run.catch(() => undefined);
      runs.push(run);
    };
    const feeds = updateFeeds(optimizer, learning_rate, step + 1);
    try {
      for (let micro = 0; micro < gradient_accumulation_steps; micro++) {
        const start = cursor + micro * this.#sizes.batch;
        await begin(first, {
          ...trainingBatch(data, order, start, this.#sizes),
          ...(apply ? {} : feeds),
          inverse_label_count: 1 / this.tokens,
          ...(hasDropout(this.#spec.model) ? { seed: hash32(seed, step, micro) | 0 } : {}),
        });
      }
      if (apply) await begin(apply, feeds);
    } catch (error) {
      runs.push(Promise.reject(error)); // told where its end is awaited, after the updates before it
    }
    const done = Promise.all(runs).then((outputs) => ({
      loss: outputs.at(-1)?.loss?.[0] ?? Number.NaN,
      grad_norm: outputs.at(-1)?.grad_norm?.[0] ?? Number.NaN,
      loss_scale: outputs.at(-1)?.loss_scale?.[0] ?? null,
      skipped: outputs.at(-1)?.skipped?.[0] === 1,
      profiles,
    }));
    done.catch(() => undefined);
    return { done };
  }

  /** The loss over `data`; null where interrupted. */
  async evaluate(data: Tokens, interrupted: () => Promise<boolean>): Promise<Evaluation | null> {
    this.#evaluate ??= await this.#watch.guard(this.#session.compile(this.#step.evaluate));
    const program = this.#evaluate;
    return lossOver(
      data,
      this.#sizes,
      async ({ input_ids, labels }) => {
        const { loss_sum } = await this.#run(program, { input_ids, labels });
        return loss_sum?.[0] ?? Number.NaN;
      },
      { limit: this.#spec.eval_batches, interrupted },
    );
  }

  /** Samples from the parameters as they now are. */
  async decoder(): Promise<Decoder> {
    this.#decoder ??= await this.#watch.guard(createDecoder(this.#session, this.#spec.model));
    const decoder = this.#decoder;
    return {
      ...decoder,
      read: (pieces) => this.#watch.guard(decoder.read(pieces)),
      draw: (pieces, draw) => this.#watch.guard(decoder.draw(pieces, draw)),
    };
  }

  read(name: string): Promise<Float32Array> {
    return this.#watch.guard(this.#session.read(name));
  }

  write(name: string, values: Float32Array): Promise<void> {
    return this.#watch.guard(this.#session.write(name, values));
  }

  memoryBytes(): number | null {
    return this.#session.memoryBytes();
  }

  dispose(): void {
    this.#decoder?.dispose();
    this.#evaluate?.dispose();
    for (const program of this.#programs) program.dispose();
    this.#session.dispose();
  }

  #run(program: Executable | undefined, feeds: Feeds): Promise<Outputs> {
    if (!program) throw new Error('A training step has at least one program.');
    return this.#watch.guard(program.run(feeds));
  }

  async #profile(program: Executable | undefined, feeds: Feeds, profiles: StepProfile[]): Promise<Outputs> {
    if (!program?.profile) throw new Error('Nothing is recorded where `canProfile` is false.');
    const profile = await this.#watch.guard(program.profile(feeds));
    profiles.push(profile);
    return profile.outputs;
  }
}
