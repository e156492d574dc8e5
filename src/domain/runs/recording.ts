import type { DeviceName } from '../../engine/device.ts';

/** Devices of our own tell one kernel from the next; a library's do not. */
const RECORDING: ReadonlySet<DeviceName> = new Set(['webgpu', 'wasm']);

/** Whether a step of a run on this device can be recorded. */
export function canRecord(device: DeviceName): boolean {
  return RECORDING.has(device);
}
