import type { Workload } from '../workload/workload.ts';

/** An engine and where it computes: what `--device` and `--against` name. */
export interface Entrant {
  readonly engine: EngineName;
  /** A device of ours, or a backend of the engine's. */
  readonly device: string;
  readonly where: Where;
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
  /** One more step, recorded kernel by kernel; null where the device cannot. */
  profile: [Record<never, never>, StepRecord | null];
  /** What this machine can do at best in this place: see Ceilings. */
  probe: [{ readonly device: string }, Ceilings];
  /** GFLOP/s of one matrix product, best of what fits into the time. */
  matmul: [MatmulTask, number | null];
}
export type CallName = keyof Calls;

export interface Opened {
  /** The device in words. */
  readonly description: string;
  /** Kernel launches or ops of one step, where the engine tells. */
  readonly launches: number | null;
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
  readonly ceilings: { readonly flops_per_second: number; readonly bytes_per_second: number } | null;
}

export interface Ceilings {
  /** Fused multiply-adds without memory traffic on all cores or the GPU; GFLOP/s. */
  readonly fma_gflops: number;
  /** The fastest read of far more than any cache holds; GB/s. */
  readonly read_gbytes: number;
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

/** One who takes part, from the contest's side. */
export interface Actor {
  call<M extends CallName>(method: M, params: Calls[M][0]): Promise<Calls[M][1]>;
  close(): Promise<void>;
}

/** The same from its own side. */
export type Handlers = { readonly [M in CallName]: (params: Calls[M][0]) => Promise<Calls[M][1]> };

/** What goes between processes. */
export interface Request {
  readonly id: number;
  readonly method: CallName;
  readonly params: unknown;
}
export type Response =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };
