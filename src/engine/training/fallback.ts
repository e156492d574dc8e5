import type { ErrorFacts } from '../../base/error.ts';
import type { Device, DeviceName } from '../device.ts';
import { deviceErrors } from '../errors.ts';
import type { TrainingDeps, TrainingStart } from './deps.ts';
import { trainingErrors } from './errors.ts';
import type { TrainingEnd } from './events.ts';
import type { TrainingSpec } from './spec.ts';
import { train } from './train.ts';

/** A device that could not go on, and why. */
export interface FailedDevice {
  readonly name: DeviceName;
  readonly facts: ErrorFacts;
}

/** The next device to try, given those that failed so far (none at first); null when there is none left. */
export type DeviceProvider = (failed: readonly FailedDevice[]) => Promise<Device | null>;

/** What another device may do better with. */
const DEVICE_TROUBLE: ReadonlySet<string> = new Set([
  deviceErrors.lost.code,
  deviceErrors.outOfMemory.code,
  deviceErrors.unavailable.code,
]);

/**
 * `train` on the first device that the provider gives; when that one is lost or has no memory left, on the
 * next, from the last checkpoint, and says so in a notice. Disposes the devices that it was given.
 */
export async function trainWithFallback(
  spec: TrainingSpec,
  deps: Omit<TrainingDeps, 'device'> & { readonly nextDevice: DeviceProvider },
): Promise<TrainingEnd> {
  const { nextDevice, emit, ...rest } = deps;
  const failed: FailedDevice[] = [];
  let start: TrainingStart = deps.start;
  let end: TrainingEnd = {
    reason: 'failed',
    step: 0,
    best: null,
    facts: deviceErrors.unavailable().toJSON(),
    checkpoint: null,
  };
  for (;;) {
    const device = await nextDevice(failed);
    if (!device) return end;
    const before = failed.at(-1);
    if (before) {
      const message = `${before.facts.message} The run goes on on ${device.info.name} from update ${end.reason === 'failed' ? (end.checkpoint?.step ?? 0) : 0}.`;
      emit({
        type: 'notice',
        step: end.step,
        facts: trainingErrors.fellBack({ message, data: { failed, now: device.info.name } }).toJSON(),
      });
    }
    try {
      end = await train(spec, { ...rest, device, start, emit });
    } finally {
      device.dispose();
    }
    if (end.reason !== 'failed' || !DEVICE_TROUBLE.has(end.facts.code)) return end;
    failed.push({ name: device.info.name, facts: end.facts });
    // A run that was lost before its first checkpoint starts anew.
    if (end.checkpoint) start = { type: 'resume' };
  }
}
