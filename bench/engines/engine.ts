import type { DeviceFactory } from '../../src/engine/devices/probe.ts';
import type { WasmPaths } from '../../src/engine/devices/tfjs/wasm.ts';
import type { CheckpointStore } from '../../src/engine/training/checkpoint-store.ts';
import type { MatmulTask, Opened, Rate, StepRecord } from '../contest/calls.ts';
import type { Workload } from '../workload/workload.ts';
import type { Span } from './together.ts';

/** What differs between Node and a browser. */
export interface Environment {
  readonly factories: () => readonly DeviceFactory[];
  /** Where tfjs finds its .wasm files. */
  readonly tfjsWasm: () => WasmPaths;
  /** Gives the process what a browser's page has and an engine needs for its threads. */
  readonly prepareThreads: () => Promise<void>;
  /** Where a user's run puts its checkpoints here. */
  readonly checkpoints: () => CheckpointStore;
  /** Null where there is no WebGPU; sets it up where that is needed. */
  readonly gpu: () => Promise<GPU | null>;
  /** Runs a probe of the module on as many threads as there are cores, at once; when each did what. */
  readonly startProbes: (wasm: BufferSource, job: 'fma' | 'read') => Promise<readonly (readonly Span[])[]>;
}

/** A training step made ready by one engine. */
export interface StepRunner extends Opened {
  /** Step number `index`; resolves with its loss when that is known and all state is written. */
  step(index: number): Promise<number>;
  /** Bytes on the device at the peak of a step, which this may run for it. */
  peakBytes(index: number): Promise<number | null>;
  profile?(index: number): Promise<StepRecord>;
}

/** Each engine is a file that exports these two. */
export interface Engine {
  openStep(device: string, workload: Workload, environment: Environment): Promise<StepRunner>;
  /** Each product awaited before the next is timed. */
  matmul(device: string, task: MatmulTask, environment: Environment): Promise<Rate | null>;
}
