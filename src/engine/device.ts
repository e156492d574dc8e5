import type { AnnealError } from '../base/error.ts';
import type { Program, StateSpec } from './graph/ir.ts';

/**
 * What computes. A device compiles programs and runs them over state that stays on it. The training
 * loop, the sampler and the verifier see this interface and nothing else.
 */

export const DEVICE_NAMES = [
  'reference',
  'tfjs-webgpu',
  'tfjs-webgl',
  'tfjs-wasm',
  'tfjs-cpu',
  'webgpu',
  'wasm',
] as const;
export type DeviceName = (typeof DEVICE_NAMES)[number];
export type DeviceChoice = DeviceName | 'auto';

export interface DeviceLimits {
  /** Bytes one buffer may have; null where the device sets none. */
  readonly max_buffer_bytes: number | null;
  /** Bytes in all, where known. */
  readonly memory_bytes: number | null;
}

export interface DeviceInfo {
  readonly name: DeviceName;
  /** The adapter or the machine in words, such as "google swiftshader" or "WASM, SIMD, 2 threads". */
  readonly description: string;
  readonly limits: DeviceLimits;
}

export type Feed = Int32Array | Float32Array | number;
export type Feeds = Readonly<Record<string, Feed>>;
export type Outputs = Readonly<Record<string, Float32Array>>;

export interface Executable {
  /**
   * Runs the program once. Every input must be fed, with as many elements as its shape has.
   * Throws ANN-DEV errors: lost device, out of memory, bad feed. State is unchanged when it throws.
   * May be called again before an earlier call has resolved: runs take place in the order of the calls.
   */
  run(feeds: Feeds): Promise<Outputs>;
  /**
   * Runs the program once, as `run` does, and says when each kernel ran. Absent where the device cannot
   * tell one kernel from the next (tfjs, reference).
   */
  profile?(feeds: Feeds): Promise<StepProfile>;
  dispose(): void;
}

/** One recorded run. */
export interface StepProfile {
  readonly outputs: Outputs;
  /** From the first kernel's start to the last one's end; milliseconds. */
  readonly total_ms: number;
  /** How the times were taken: by the GPU itself, or by the processor's clock around each kernel. */
  readonly clock: 'timestamp-query' | 'processor';
  /** In the order they ran. */
  readonly kernels: readonly KernelTiming[];
}

export interface KernelTiming {
  readonly kernel: string;
  /** The module it is for, such as `transformer.h.0.attn`. */
  readonly scope: string;
  /** Since the first kernel's start; milliseconds. */
  readonly start_ms: number;
  readonly ms: number;
  readonly flops: number;
  /** That must be read and written at least. */
  readonly bytes: number;
}

/** What a device reaches at best, measured on it: the fastest matrix product and the fastest copy. */
export interface DeviceCeilings {
  readonly flops_per_second: number;
  /** Read and written, added up. */
  readonly bytes_per_second: number;
}

/** State shared by the programs compiled in it: one training run or one model that is sampled from. */
export interface Session {
  /** All state starts as zeros. */
  write(name: string, values: Float32Array | Int32Array): Promise<void>;
  read(name: string): Promise<Float32Array>;
  compile(program: Program): Promise<Executable>;
  /** Bytes now held on the device for this session, where the device can tell. */
  memoryBytes(): number | null;
  dispose(): void;
}

export interface Device {
  readonly info: DeviceInfo;
  /**
   * How many runs should be under way at a time, so that the device need not wait for whoever reads what
   * they put out. Absent: one, as a device that computes in the caller's thread gains nothing by more.
   */
  readonly runs_ahead?: number;
  /** Whether programs of dtype float16 keep what they compute on the way as halves. Absent: they keep f32. */
  readonly stores_halves?: boolean;
  /** Resolves when the device is gone for good; never rejects. */
  readonly lost: Promise<AnnealError>;
  open(state: readonly StateSpec[]): Promise<Session>;
  /** Measures for a second or two. Absent where `Executable.profile` is. */
  ceilings?(): Promise<DeviceCeilings>;
  dispose(): void;
}
