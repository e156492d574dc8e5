import type { ErrorFacts } from '../../base/error.ts';
import type { DeviceChoice, DeviceInfo } from '../../engine/device.ts';
import type { TrainingCommand } from '../../engine/training/events.ts';
import type { RecordedStep } from '../../engine/training/recorded-step.ts';
import type { ModelConfig, SamplingConfig } from '../../engine/training/spec.ts';
import type { Abort } from '../artifacts/ports.ts';
import type { DataProfile, Timings } from '../preflight/report.ts';
import type { InitialModel, PinnedConfig, RunEvent, RunId, StoredEvent } from './events.ts';
import type { MetricBatch, MetricSeries, MetricSummary } from './metrics.ts';
import type { Run } from './run.ts';

/** What runs need from outside. Checkpoints: src/engine/training/checkpoint-store.ts. */

export interface RunStore {
  /**
   * Reduces and writes the event and the new state as one; the only way to change a run.
   * Throws ANN-RUN-001 for an illegal event, ANN-STO when it cannot be written.
   */
  append(run: RunId, event: RunEvent, at: number): Promise<Run>;
  get(run: RunId): Promise<Run | null>;
  /**
   * Newest first; those marked as deleted are left out unless asked for. `person`: his own and those that are
   * everybody's; left out: whosever they are.
   */
  list(filter?: {
    readonly project?: string;
    readonly deleted?: boolean;
    readonly person?: string | null;
  }): Promise<readonly Run[]>;
  /** Ascending, from `after` + 1 on. */
  events(run: RunId, after?: number): Promise<readonly StoredEvent[]>;
  /** Forgets the run and its events for good. */
  purge(run: RunId): Promise<void>;
  /**
   * Calls back after any run has changed, in whichever tab or worker, and perhaps once at the start;
   * returns what ends it.
   */
  watch(listener: () => void): () => void;
}

export interface MetricRange {
  /** First and last step, both included. */
  readonly from?: number;
  readonly to?: number;
  /** Thin out to about this many rows. */
  readonly points?: number;
}

export interface MetricStore {
  append(run: RunId, batch: MetricBatch): Promise<void>;
  read(run: RunId, range?: MetricRange): Promise<MetricSeries>;
  summary(run: RunId): Promise<MetricSummary>;
  /** Forgets what was measured after this step: a run that goes on from a checkpoint measures it again. */
  truncate(run: RunId, step: number): Promise<void>;
  purge(run: RunId): Promise<void>;
  /** Calls back after figures of the run are written, and perhaps once at the start; returns what ends it. */
  watch(run: RunId, listener: () => void): () => void;
}

/** The step of each run that was recorded last. */
export interface RecordingStore {
  put(run: RunId, recorded: RecordedStep): Promise<void>;
  get(run: RunId): Promise<RecordedStep | null>;
  purge(run: RunId): Promise<void>;
  /** Calls back after it changed, in whichever tab or worker, and perhaps once at the start; returns what ends it. */
  watch(run: RunId, listener: () => void): () => void;
}

/** What was last measured on a device, for estimates. */
export interface TimingStore {
  get(device: string): Promise<Timings | null>;
  put(timings: Timings): Promise<void>;
}

/** Small facts of this browser or machine that outlive a session; JSON values. */
export interface Settings {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Those that several tabs change at once. */
export interface SharedSettings extends Settings {
  /** Puts what `make` makes of a value in its place: in one step, whatever other tabs do. It may run again. */
  change(key: string, make: (value: unknown) => unknown): Promise<void>;
}

/** Mutual exclusion between tabs and workers (Web Locks) or processes. The holder's end releases a lock. */
export interface Locks {
  /** Runs `work` holding the name; null at once, without running it, while somebody else holds it. */
  tryHold<T>(name: string, work: () => Promise<T>): Promise<{ readonly value: T } | null>;
  held(): Promise<ReadonlySet<string>>;
}

// --- The trainer: the one worker that owns the device (in the CLI: this process).

export interface Progress {
  /** What is being done, for people. */
  readonly what: string;
  readonly done: number;
  /** In the units of `done`; null while unknown. */
  readonly total: number | null;
}

export interface DeviceReport {
  readonly device: DeviceInfo;
  /** Why this one, in a sentence. */
  readonly reason: string;
  /** All that were tried, best first, with what became of them. */
  readonly tried: readonly { readonly name: string; readonly outcome: string }[];
}

/** Where text comes from: the built-in corpus, or an artifact. */
export interface DataRequest {
  /** As in the config; `stories` is generated, anything else needs `sha256`. */
  readonly source: string;
  readonly sha256: string | null;
}

export interface PrepareRequest {
  readonly data: DataRequest;
  /** The config, for its data section; null: only generate, hash and count. */
  readonly config: string | null;
  /** Of the file that `tokenizer: { type: file }` names. */
  readonly tokenizer_sha256: string | null;
}

export interface TrainRequest {
  readonly run: RunId;
  readonly project: string;
  readonly name: string;
  /** Whose it will be; null where nobody signs in. */
  readonly owner: string | null;
  readonly config: PinnedConfig;
  readonly data: DataRequest;
  readonly tokenizer_sha256: string | null;
  readonly model: InitialModel | null;
  readonly device: DeviceChoice;
  /** Stop after this many updates, the schedule staying as it is; null: to the end. */
  readonly steps: number | null;
}

export interface ResumeRequest {
  readonly run: RunId;
  /** Null: as at first. */
  readonly device: DeviceChoice | null;
  readonly steps: number | null;
}

/** A model to sample from: what a run has trained, or the files of a model folder. */
export type ModelSource =
  | { readonly type: 'run'; readonly run: RunId }
  | { readonly type: 'files'; readonly files: InitialModel };

/** How tokens are drawn, whatever the prompt. */
export type Drawing = Omit<SamplingConfig, 'prompt'>;

export interface SampleRequest {
  readonly source: ModelSource;
  /** At least one. They are continued side by side, each as it would be alone. */
  readonly prompts: readonly string[];
  readonly drawing: Drawing;
  readonly device: DeviceChoice;
}

/** What became of one prompt: what was written, or why nothing could be. */
export type PromptOutcome =
  | {
      readonly ok: true;
      /** Without the prompt. */
      readonly text: string;
      readonly tokens: number;
      readonly ended: 'length' | 'stop' | 'eos';
      /** Characters of the prompt that the model has no token for; they were left out. */
      readonly dropped: number;
      /** From when its turn came until it ended. */
      readonly tokens_per_second: number;
    }
  | { readonly ok: false; readonly error: ErrorFacts };

/** While it is written: text of one prompt that became certain, or that prompt's end. */
export type SampleEvent =
  | { readonly type: 'text'; readonly prompt: number; readonly text: string }
  | { readonly type: 'ended'; readonly prompt: number; readonly outcome: PromptOutcome };

export interface SampleOutcome {
  /** One for each prompt, in order. */
  readonly prompts: readonly PromptOutcome[];
  /** Of all together. */
  readonly tokens: number;
  readonly tokens_per_second: number;
  readonly device: DeviceInfo;
}

/** What an opened model is. */
export interface ModelFacts {
  readonly model_type: 'gpt2' | 'llama';
  /** All that it is, so that a config can be held against it. */
  readonly model: ModelConfig;
  readonly vocab_size: number;
  readonly context: number;
  readonly parameters: number;
  readonly tokenizer: 'char' | 'bpe' | 'file';
  /** What was found strange but could be read. */
  readonly warnings: readonly string[];
}

export interface ModelFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

export interface Trainer {
  /** Tries the devices, or says why the chosen one cannot be had (ANN-DEV-003). */
  probe(choice: DeviceChoice): Promise<DeviceReport>;
  /** Generates or reads the text, makes or loads the tokenizer, encodes; all cached by hash. */
  prepare(
    request: PrepareRequest,
    onProgress: (progress: Progress) => void,
    signal?: Abort,
  ): Promise<DataProfile>;
  /** Creates the run and trains it; resolves with the run at its end or once it is stopped. */
  train(request: TrainRequest, onProgress: (progress: Progress) => void): Promise<Run>;
  resume(request: ResumeRequest, onProgress: (progress: Progress) => void): Promise<Run>;
  /** Throws ANN-RUN-004 when the run is not training here. */
  command(run: RunId, command: TrainingCommand): Promise<void>;
  /** Rejects at once when aborted (ANN-RUN-012, through a worker ANN-WRK-004); what was written has been told. */
  sample(
    request: SampleRequest,
    onEvent: (event: SampleEvent) => void,
    signal?: Abort,
  ): Promise<SampleOutcome>;
  /** The Hugging Face folder of what a run has trained so far (its last checkpoint). */
  exportModel(run: RunId): Promise<readonly ModelFile[]>;
  inspectModel(files: InitialModel): Promise<ModelFacts>;
}
