import type { DeviceChoice } from '../engine/device.ts';
import { readSafetensors, type SafetensorsFile } from '../engine/formats/safetensors.ts';
import type { FixtureTensor } from '../engine/training/fixture.ts';
import { type Verification, verifyFixture } from '../engine/training/verify.ts';
import type { DeviceSource } from './training/devices.ts';

/**
 * Compares a device with what a fixture holds: `file` is the safetensors file, `settings` the JSON beside
 * it, parsed. Throws ANN-FMT and ANN-TRN-016 for a fixture that cannot be read, ANN-DEV without the device.
 */
export async function verify(
  devices: DeviceSource,
  file: Uint8Array,
  settings: unknown,
  choice: DeviceChoice,
): Promise<Verification> {
  const tensors = tensorsOf(readSafetensors(file));
  const { opened } = await devices.open(choice);
  try {
    return await verifyFixture({ tensors, settings, device: opened });
  } finally {
    opened.dispose();
  }
}

function tensorsOf(file: SafetensorsFile): ReadonlyMap<string, FixtureTensor> {
  return new Map(
    file.names.map((name) => {
      const { shape, dtype } = file.entry(name);
      return [name, { shape, values: /^[IU]/.test(dtype) ? file.ints(name) : file.floats(name) }];
    }),
  );
}
