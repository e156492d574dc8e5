import type { Entrant, GpuCalls } from '../contest/calls.ts';
import type { Threads } from '../contest/python-actor.ts';
import type { Runner } from '../contest/rounds.ts';

/** One that has been opened and checked. */
export interface Contender extends Runner {
  readonly entrant: Entrant;
  /** Of native code: the setting that was fastest. */
  readonly threads: Threads | null;
  readonly description: string;
  readonly losses: readonly number[];
  /** Largest relative difference of its losses to the first of ours. */
  readonly difference: number;
  readonly first_ms: number;
  peak_bytes: number | null;
  gpu_calls: GpuCalls | null;
}
