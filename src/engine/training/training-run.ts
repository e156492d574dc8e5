import { AnnealError, type ErrorFacts, toAnnealError } from '../../base/error.ts';
import type { DeviceCeilings } from '../device.ts';
import { deviceErrors } from '../errors.ts';
import { generateText } from '../inference/generate.ts';
import { initialise } from '../models/initialise.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { lowered } from '../optimizers/loss-scale.ts';
import { encodeCheckpoint } from './checkpoint.ts';
import { CheckpointSlots, clearCheckpoints, findLatest } from './checkpoint-slots.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';
import type { TrainingDeps } from './deps.ts';
import { trainingErrors } from './errors.ts';
import type { TrainingEnd } from './events.ts';
import { LiveTraining, type Update } from './live-training.ts';
import type { LossWatchState } from './loss-watch.ts';
import { type CheckpointFacts, FRESH_PROGRESS, type TrainingProgress } from './progress.ts';
import { joinProfiles } from './recorded-step.ts';
import { checkResume } from './resume.ts';
import { learningRateAt } from './schedule.ts';
import type { TrainingSpec } from './spec.ts';

const HALVES_FIX =
  'Use dtype: float32, whose range is far wider; or lower learning_rate (a third is a good start), and train on from the last good checkpoint.';

/** What the loop does between two updates, and the progress that it makes. */
export class TrainingRun {
  readonly #spec: TrainingSpec;
  readonly #deps: TrainingDeps;
  #progress: TrainingProgress = FRESH_PROGRESS;
  /** The progress that the newest checkpoint holds. */
  #saved: TrainingProgress | null = null;
  #slots: CheckpointSlots | null = null;
  #live: LiveTraining | null = null;
  readonly #writer = new CheckpointWriter();
  /** The next update is to be recorded. */
  #recording: { readonly ceilings: DeviceCeilings | null } | null = null;

  constructor(spec: TrainingSpec, deps: TrainingDeps) {
    this.#spec = spec;
    this.#deps = deps;
  }

  get progress(): TrainingProgress {
    return this.#progress;
  }

  /** Whether the next update is to be recorded. */
  get recording(): boolean {
    return this.#recording !== null;
  }

  /** Of the update after `step` updates. */
  learningRate(step: number): number {
    return learningRateAt(this.#spec.schedule, step) * this.#progress.learning_rate_factor;
  }

  /** Opens the device and puts the state on it. Throws ANN-TRN-004 to 008 for what cannot be resumed. */
  async begin(): Promise<LiveTraining> {
    const { device, store, run, start } = this.#deps;
    const { found, damaged } = await findLatest(store, run);
    for (const facts of damaged) this.#notice(facts);
    this.#slots = new CheckpointSlots(store, run, start.type === 'resume' ? found : null);
    if (start.type === 'resume') {
      if (!found) throw trainingErrors.noCheckpoint({ message: `There is no whole checkpoint of ${run}.` });
      const { facts, file } = found.checkpoint;
      const { hashes } = this.#deps;
      const notices = checkResume(facts, { spec: this.#spec, hashes, tokens: this.#tokens, device });
      this.#progress = facts.progress;
      this.#saved = facts.progress;
      for (const notice of notices) this.#notice(notice);
      this.#live = await LiveTraining.open(device, this.#spec);
      for (const { name } of this.#live.kept) await this.#live.write(name, file.floats(name));
    } else {
      this.#live = await LiveTraining.open(device, this.#spec);
      await clearCheckpoints(store, run);
      for (const spec of parameterSpecs(this.#spec.model)) {
        await this.#live.write(
          spec.name,
          (await start.read?.(spec.name)) ?? initialise(spec, this.#spec.seed),
        );
      }
      await this.save(); // so that there is always something to go on from
    }
    if (this.#spec.dtype === 'float16' && device.stores_halves !== true) {
      const { name } = device.info;
      this.#notice(
        trainingErrors
          .storedWide({ message: `float16 is stored as float32 on ${name}.`, where: 'training.dtype' })
          .toJSON(),
      );
    }
    if (this.#spec.eval_steps > 0 && this.#deps.data.validation.length < 2) {
      this.#notice(trainingErrors.noValidation({ where: 'data.validation_split' }).toJSON());
    }
    return this.#live;
  }

  /** Whether something comes between `step` updates and the next one: then what is under way must end first. */
  dueAt(step: number, last: number): boolean {
    const { save_steps, eval_steps } = this.#spec;
    return (
      step >= last ||
      !this.#deps.commands.empty ||
      this.#writer.failed ||
      (save_steps > 0 && step % save_steps === 0) ||
      (eval_steps > 0 && step % eval_steps === 0)
    );
  }

  /** Carries out what was asked, in order; while paused, waits for more. */
  async obey(): Promise<'go on' | 'stop'> {
    const { commands, emit } = this.#deps;
    let paused = false;
    for (;;) {
      const command = paused ? await commands.next() : commands.take();
      if (!command) {
        if (this.#writer.failed) await this.#writer.settle();
        return 'go on';
      }
      await this.#writer.settle(); // what happens to a run is told in order
      const { step } = this.#progress;
      switch (command.type) {
        case 'stop':
          return 'stop';
        case 'pause':
          if (paused) break;
          await this.save(); // a tab that is closed while paused loses nothing
          paused = true;
          emit({ type: 'paused', step });
          break;
        case 'resume':
          if (paused) emit({ type: 'resumed', step });
          paused = false;
          break;
        case 'save':
          await this.save();
          break;
        case 'evaluate':
          await this.#look();
          break;
        case 'sample':
          await this.#sample();
          break;
        case 'set_learning_rate':
          await this.#setLearningRate(command.learning_rate);
          break;
        case 'profile':
          await this.#record();
          break;
      }
    }
  }

  /** On the grid of eval_steps and at the end, once each. `last` is where this session ends. */
  evaluationDue(last: number): boolean {
    const { step, evaluated } = this.#progress;
    const { eval_steps } = this.#spec;
    if (eval_steps === 0 || step === 0 || evaluated === step) return false;
    return (step % eval_steps === 0 || step === last) && this.#deps.data.validation.length >= 2;
  }

  /**
   * Evaluates, keeps the best and draws a sample. Only what a run without interruptions would evaluate too
   * counts for the best and for early stopping. False when left off for a command.
   */
  async evaluate(): Promise<boolean> {
    await this.#writer.settle();
    const val_loss = await this.#look();
    if (val_loss === null) return false;
    const { step, best, evaluations_without_improvement: without } = this.#progress;
    const counts = step % this.#spec.eval_steps === 0 || step === this.#spec.max_steps;
    this.#progress = { ...this.#progress, evaluated: step };
    if (counts) {
      const improved = best === null || val_loss < best.val_loss;
      this.#progress = {
        ...this.#progress,
        best: improved ? { step, val_loss } : best,
        evaluations_without_improvement: improved ? 0 : without + 1,
      };
      if (improved) await this.#saveBest();
    }
    await this.#sample();
    return true;
  }

  get outOfPatience(): boolean {
    const { early_stopping_patience: patience } = this.#spec;
    return patience > 0 && this.#progress.evaluations_without_improvement >= patience;
  }

  /** What helps, besides, against numbers that are none: where halves are stored, a wider range. */
  get rangeFix(): { readonly fix?: string } {
    const halves = this.#spec.dtype === 'float16' && this.#deps.device.stores_halves === true;
    return halves ? { fix: HALVES_FIX } : {};
  }

  /** While the loss is suspiciously high, the last checkpoint is worth more than one of now. */
  get saveDue(): boolean {
    const { save_steps } = this.#spec;
    const { step, loss_watch } = this.#progress;
    return save_steps > 0 && step % save_steps === 0 && step !== this.#saved?.step && loss_watch.above === 0;
  }

  /** Stores a checkpoint, unless the newest holds just this. Throws ANN-STO errors, ANN-TRN-002. */
  async save(): Promise<void> {
    await this.startSave();
    await this.#writer.settle();
  }

  /** Reads the state and writes it while the training goes on. Throws ANN-TRN-002, and what the last write threw. */
  async startSave(): Promise<void> {
    await this.#writer.settle();
    const slots = this.#slots;
    if (this.#saved === this.#progress || !slots || !this.#live) return;
    const { step } = this.#progress;
    const bytes = await encodeCheckpoint(this.#facts('all'), this.#live.kept, (name) => this.#read(name));
    this.#saved = this.#progress;
    this.#writer.start(async () => {
      const name = await slots.saveLatest(step, bytes);
      this.#deps.emit({ type: 'checkpoint', step, name, bytes: bytes.byteLength });
    });
  }

  /** Tells that the update that was just told of changed nothing at this loss scale. */
  tellSkipped(loss_scale: number): void {
    const { step } = this.#progress;
    const next = lowered(loss_scale);
    this.#notice(
      trainingErrors
        .updateSkipped({
          message: `Update ${step} was skipped: multiplied by the loss scale of ${loss_scale}, a gradient was no longer a number. The loss scale is ${next} from here on.`,
          where: 'training.dtype',
          data: { step, loss_scale, next },
        })
        .toJSON(),
    );
  }

  /** Tells what the update that was just made showed, where it was recorded. */
  tellProfile({ profiles }: Update): void {
    const recording = this.#recording;
    this.#recording = null;
    if (!recording || profiles.length === 0) return;
    const { step } = this.#progress;
    const about = { step, device: this.#deps.device.info.name, ceilings: recording.ceilings };
    this.#deps.emit({ type: 'profile', step, recorded: joinProfiles(profiles, about) });
  }

  advance(sequences: number, loss_watch: LossWatchState): void {
    const { step, cursor } = this.#progress;
    this.#progress = { ...this.#progress, step: step + 1, cursor: cursor + sequences, loss_watch };
  }

  async end(reason: 'finished' | 'early_stopping' | 'stopped'): Promise<TrainingEnd> {
    await this.save();
    return { reason, step: this.#progress.step, best: this.#progress.best };
  }

  async failed(thrown: unknown): Promise<TrainingEnd> {
    await this.#writer.settle().catch(() => undefined); // a checkpoint that is being written may still become whole
    const facts = toAnnealError(thrown, trainingErrors.unexpected).toJSON();
    const { step, best } = this.#progress;
    return { reason: 'failed', step, best, facts, checkpoint: this.#slots?.latest ?? null };
  }

  dispose(): void {
    try {
      this.#live?.dispose();
    } catch {
      // Of a device that is gone there is nothing left to free.
    }
  }

  /** The loss over the validation part as it now is; null when left off or when there is none. */
  async #look(): Promise<number | null> {
    const { data, commands, emit, breathe } = this.#deps;
    if (!this.#live || data.validation.length < 2) return null;
    const evaluation = await this.#live.evaluate(data.validation, async () => {
      await breathe();
      return commands.urgent;
    });
    if (!evaluation) return null;
    const { step } = this.#progress;
    if (!Number.isFinite(evaluation.loss)) {
      throw trainingErrors.notFinite({
        message: `After ${step} updates the validation loss is ${evaluation.loss}.`,
        where: 'training.learning_rate',
        ...this.rangeFix,
        data: { step, val_loss: String(evaluation.loss) },
      });
    }
    emit({ type: 'eval', step, val_loss: evaluation.loss, batches: evaluation.batches });
    return evaluation.loss;
  }

  /** A prompt that cannot be continued is no reason to stop training; a lost device is. */
  async #sample(): Promise<void> {
    const { tokenizer, commands, emit, clock, breathe } = this.#deps;
    const { sampling } = this.#spec;
    if (!this.#live || sampling.max_new_tokens === 0) return;
    const signal = {
      get aborted(): boolean {
        return commands.urgent;
      },
    };
    try {
      const decoder = await this.#live.decoder();
      const began = clock.elapsed();
      const { text, tokens } = await generateText({ decoder, tokenizer, sampling, signal, breathe });
      const seconds = (clock.elapsed() - began) / 1000;
      emit({
        type: 'sample',
        step: this.#progress.step,
        text: sampling.prompt + text,
        tokens_per_second: seconds > 0 ? tokens / seconds : 0,
      });
    } catch (error) {
      if (error instanceof AnnealError && error.code === deviceErrors.lost.code) throw error;
      this.#notice(toAnnealError(error, trainingErrors.sampleFailed).toJSON());
    }
  }

  /** Where the schedule stands at 0 (warm-up's first update, its end), the factor is that to its peak. */
  /** The update after this command is recorded; nothing else about it differs. */
  async #record(): Promise<void> {
    if (!this.#live?.canProfile) {
      const { name } = this.#deps.device.info;
      this.#notice(trainingErrors.cannotProfile({ message: `${name} cannot record a step.` }).toJSON());
      return;
    }
    // Ceilings are a convenience: a step is worth recording without them.
    const ceilings = await this.#deps.ceilings?.().catch(() => null);
    this.#recording = { ceilings: ceilings ?? null };
  }

  async #setLearningRate(wanted: number): Promise<void> {
    const { step } = this.#progress;
    if (!Number.isFinite(wanted) || wanted <= 0) {
      this.#notice(trainingErrors.badCommand({ message: `${wanted} is no learning rate.` }).toJSON());
      return;
    }
    const { schedule } = this.#spec;
    const factor = wanted / (learningRateAt(schedule, step) || schedule.learning_rate);
    this.#progress = { ...this.#progress, learning_rate_factor: factor };
    this.#deps.emit({ type: 'learning_rate', step, factor, learning_rate: this.learningRate(step) });
    await this.save(); // so that a run that is cut off goes on with it
  }

  async #saveBest(): Promise<void> {
    if (!this.#slots || !this.#live) return;
    const parameters = this.#live.kept.filter(({ kind }) => kind === 'parameter');
    const bytes = await encodeCheckpoint(this.#facts('parameters'), parameters, (name) => this.#read(name));
    const name = await this.#slots.saveBest(bytes);
    this.#deps.emit({ type: 'checkpoint', step: this.#progress.step, name, bytes: bytes.byteLength });
  }

  #facts(holds: CheckpointFacts['holds']): CheckpointFacts {
    const { hashes, device, program_version } = this.#deps;
    return {
      format: 1,
      holds,
      serial: this.#slots?.nextSerial ?? 1,
      progress: this.#progress,
      spec: this.#spec,
      hashes,
      tokens: this.#tokens,
      device: device.info.name,
      program_version,
    };
  }

  get #tokens(): CheckpointFacts['tokens'] {
    const { train, validation } = this.#deps.data;
    return { train: train.length, validation: validation.length };
  }

  #read(name: string): Promise<Float32Array> {
    if (!this.#live) throw trainingErrors.unexpected({ message: 'Nothing is on the device yet.' });
    return this.#live.read(name);
  }

  #notice(facts: ErrorFacts): void {
    this.#deps.emit({ type: 'notice', step: this.#progress.step, facts });
  }
}
