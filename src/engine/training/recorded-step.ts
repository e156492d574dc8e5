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
  return { ...about, clock: profiles[0]?.clock ?? 'processor', total_ms, kernels };
}
