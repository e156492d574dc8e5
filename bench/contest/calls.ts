import type { ModelConfig, TrainingSpec } from '../../src/engine/training/spec.ts';
import type { Workload } from '../workload/workload.ts';

/** An engine and where it computes: what `--device` and `--against` name. */
export interface Entrant {
  readonly engine: EngineName;
  /** A device of ours, or a backend of the engine's. */
  readonly device: string;
  readonly where: Where;
  /** Of ours: what is computed on the way is stored as halves. float32 where it is not said. */
  readonly dtype?: 'float16';
}
export type EngineName = 'anneal' | 'pytorch' | 'jax' | 'tfjs' | 'nanogpt';
export type Where = 'chromium' | 'node' | 'native';

/** What one who takes part can be asked, whatever process it lives in: parameters and answer, both plain data. */
export interface Calls {
  /** Builds the workload's training step and puts the first weights on the device. */
  open_step: [{ readonly entrant: Entrant; readonly workload: Workload }, Opened];
  /** The next steps, each awaited until its loss is known and all state written. */
  run_steps: [{ readonly count: number }, Timed];
  /** Bytes at the peak of one more step. */
  peak_bytes: [Record<never, never>, number | null];
  /** What one more step asks of WebGPU; null where it asks nothing. */
  gpu_calls: [Record<never, never>, GpuCalls | null];
  /** One more step, recorded kernel by kernel; null where the device cannot. */
  profile: [Record<never, never>, StepRecord | null];
  /** Puts random weights of that model on the device and reads a prompt. */
  open_decode: [DecodeTask, Opened];
  /** The next tokens, one after the other, each drawn from the logits before it. */
  run_decode: [{ readonly count: number }, { readonly ms: readonly number[] }];
  /** The loss of the weights that `initialWeights` gives for the seed, on the whole validation split. */
  evaluate_recipe: [RecipeTask, Evaluated];
  /** Trains by the recipe from a seed, evaluates on the whole validation split. */
  train_recipe: [RecipeTask, RecipeResult];
  /** What this machine can do at best in this place: see Ceilings. */
  probe: [{ readonly device: string }, Ceilings];
  /** What a device of ours measures of itself; null where it does not. */
  ceilings: [{ readonly entrant: Entrant }, OwnCeilings | null];
  /** One matrix product, as often as fits into the time; null where the engine has none to call by itself. */
  matmul: [MatmulTask, Rate | null];
}
export type CallName = keyof Calls;

export interface Opened {
  /** The device in words. */
  readonly description: string;
}

export interface GpuCalls {
  readonly submits: number;
  readonly dispatches: number;
}

export interface Timed {
  readonly ms: readonly number[];
  readonly losses: readonly number[];
}

export interface KernelRow {
  readonly kernel: string;
  readonly scope: string;
  readonly start_ms: number;
  readonly ms: number;
  readonly flops: number;
  readonly bytes: number;
}

export interface StepRecord {
  readonly total_ms: number;
  readonly clock: string;
  readonly kernels: readonly KernelRow[];
  readonly ceilings: OwnCeilings | null;
}

export interface Ceilings {
  /** Fused multiply-adds without memory traffic on all cores or the GPU; GFLOP/s. */
  readonly fma_gflops: number;
  /** The fastest read of far more than any cache holds; GB/s. */
  readonly read_gbytes: number;
}

export interface OwnCeilings {
  readonly flops_per_second: number;
  readonly bytes_per_second: number;
}

/** C [m, n] = op(A) op(B); with transpose_a, A is stored [k, m]; with transpose_b, B is stored [n, k]. */
export interface MatmulTask {
  readonly entrant: Entrant;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly transpose_a: boolean;
  readonly transpose_b: boolean;
  readonly seconds: number;
}

export interface Rate {
  /** Of the fastest run. */
  readonly gflops: number;
  readonly median_ms: number;
  readonly runs: number;
}

/** One who takes part, from the contest's side. */
export interface Actor {
  call<M extends CallName>(method: M, params: Calls[M][0]): Promise<Calls[M][1]>;
  close(): Promise<void>;
}

/** The same from its own side. */
export type Handlers = { readonly [M in CallName]: (params: Calls[M][0]) => Promise<Calls[M][1]> };

export interface DecodeTask {
  readonly entrant: Entrant;
  readonly model: ModelConfig;
  readonly batch: number;
  /** Tokens read before the first is timed. */
  readonly prompt: number;
  /** Tokens that will be asked for in all. */
  readonly count: number;
}

export interface RecipeTask {
  readonly entrant: Entrant;
  /** As plain data, what the config says. */
  readonly spec: TrainingSpec;
  readonly text: string;
  /** The last part of the text, by characters. */
  readonly validation_split: number;
  readonly seed: number;
  /** Instead of the spec's max_steps, which the schedule keeps. */
  readonly steps: number;
}

export interface Evaluated {
  /** Mean over every token of the validation split but the first, each seen with what its block of n_positions has before it. */
  readonly val_loss: number;
  readonly tokens: number;
}

export interface RecipeResult extends Evaluated {
  /** All updates, evaluations and checkpoints; without the last evaluation, which gives `val_loss`. */
  readonly seconds: number;
  readonly last_loss: number;
}

/** What goes between processes. */
export interface Request {
  readonly id: number;
  readonly method: CallName;
  readonly params: unknown;
}
export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
