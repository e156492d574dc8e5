import type { DeviceCeilings, DeviceName, StepProfile } from '../device.ts';

/** One update as it was recorded: when each kernel of it ran, and what the device could reach at best. */
export interface RecordedStep {
  /** Updates applied after it. */
  readonly step: number;
  readonly device: DeviceName;
  readonly clock: StepProfile['clock'];
  /** From the first kernel's start to the last one's end; milliseconds. */
  readonly total_ms: number;
  /** In the order they ran. */
  readonly kernels: StepProfile['kernels'];
  /** Null where the device could not be measured. */
  readonly ceilings: DeviceCeilings | null;
}

/** What its table needs to know. */
export type RecordedKernels = Pick<RecordedStep, 'total_ms' | 'kernels' | 'ceilings'>;

/** Programs that ran one after the other as one recording: micro-batches, then the update. */
export function joinProfiles(
  profiles: readonly StepProfile[],
  about: Pick<RecordedStep, 'step' | 'device' | 'ceilings'>,
): RecordedStep {
  let total_ms = 0;
  const kernels = profiles.flatMap((profile) => {
    const from = total_ms;
    total_ms += profile.total_ms;
    return profile.kernels.map((kernel) => ({ ...kernel, start_ms: kernel.start_ms + from }));
  });
  const ceilings = about.ceilings && raised(about.ceilings, kernels);
  return { ...about, ceilings, clock: profiles[0]?.clock ?? 'processor', total_ms, kernels };
}

/** Milliseconds. Shorter kernels say little of a speed: a browser's clock may count in steps of 0.1. */
const TELLING_MS = 2;

/**
 * The ceilings of this recording, the first of them raised to what a kernel here has reached: the device may have been busy
 * with something else while it was measured. Not so the bytes: what lies in a cache is faster than memory.
 */
function raised(ceilings: DeviceCeilings, kernels: StepProfile['kernels']): DeviceCeilings {
  let { flops_per_second } = ceilings;
  for (const { flops, ms } of kernels) {
    if (ms >= TELLING_MS) flops_per_second = Math.max(flops_per_second, (flops / ms) * 1000);
  }
  return { ...ceilings, flops_per_second };
}
