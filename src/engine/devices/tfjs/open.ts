import type { Device } from '../../device.ts';
import type { TfjsBackend } from './backend.ts';
import { TfjsDevice } from './device.ts';

/** Opens a tfjs backend as a Device. */
export async function openTfjsDevice(open: () => Promise<TfjsBackend>): Promise<Device> {
  return new TfjsDevice(await open());
}
