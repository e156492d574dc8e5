import type { KernelTiming } from '../../engine/device.ts';
import type { RecordedStep } from '../../engine/training/recorded-step.ts';

/**
 * A recorded step in the Trace Event Format that chrome://tracing, Perfetto and speedscope open: complete
 * events ("ph": "X") with microseconds, and names of the process and its threads ("ph": "M").
 */
export interface ChromeTrace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: 'ms';
  readonly otherData: Readonly<Record<string, string | number>>;
}

export type TraceEvent =
  | {
      readonly ph: 'M';
      readonly name: 'process_name' | 'thread_name' | 'thread_sort_index';
      readonly pid: number;
      readonly tid: number;
      readonly args: Readonly<Record<string, string | number>>;
    }
  | {
      readonly ph: 'X';
      readonly name: string;
      readonly cat: string;
      readonly pid: number;
      readonly tid: number;
      /** Microseconds since the step began. */
      readonly ts: number;
      readonly dur: number;
      readonly args: Readonly<Record<string, string | number>>;
    };

const PROCESS = 1;

/** One thread of the trace per module of the model's first levels, in the order in which they first ran. */
export function chromeTrace(recorded: RecordedStep, run: string): ChromeTrace {
  const tracks = tracksOf(recorded.kernels);
  const meta = (name: 'process_name' | 'thread_name', tid: number, value: string): TraceEvent => ({
    ph: 'M',
    name,
    pid: PROCESS,
    tid,
    args: { name: value },
  });
  return {
    displayTimeUnit: 'ms',
    otherData: {
      run,
      step: recorded.step,
      device: recorded.device,
      clock: recorded.clock,
      ...(recorded.ceilings && {
        best_flops_per_second: recorded.ceilings.flops_per_second,
        best_bytes_per_second: recorded.ceilings.bytes_per_second,
      }),
    },
    traceEvents: [
      meta('process_name', 0, `${run}, step ${recorded.step} on ${recorded.device}`),
      ...tracks.flatMap((track, i): TraceEvent[] => [
        meta('thread_name', i + 1, track),
        { ph: 'M', name: 'thread_sort_index', pid: PROCESS, tid: i + 1, args: { sort_index: i } },
      ]),
      ...recorded.kernels.map(
        (kernel): TraceEvent => ({
          ph: 'X',
          name: kernel.kernel,
          cat: 'kernel',
          pid: PROCESS,
          tid: tracks.indexOf(trackOf(kernel.scope)) + 1,
          ts: kernel.start_ms * 1000,
          dur: kernel.ms * 1000,
          args: { module: kernel.scope, flops: kernel.flops, bytes: kernel.bytes },
        }),
      ),
    ],
  };
}

/** The rows of a timeline, in the order in which they first ran. */
export function tracksOf(kernels: readonly KernelTiming[]): readonly string[] {
  return [...new Set(kernels.map(({ scope }) => trackOf(scope)))];
}

/** The layer, or what stands beside the layers: "transformer.h.3.attn.c_attn" is in "transformer.h.3". */
export function trackOf(scope: string): string {
  const layer = /^(.*?\.\d+)(\.|$)/.exec(scope);
  if (layer?.[1] !== undefined) return layer[1];
  return scope === '' ? 'step' : scope;
}
