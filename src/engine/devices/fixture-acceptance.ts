import { expect, test } from 'vitest';
import type { Device } from '../device.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import type { FixtureTensor } from '../training/fixture.ts';
import { TOLERANCES, verifyFixture } from '../training/verify.ts';

export interface FixtureFiles {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly settings: unknown;
}

/** What PyTorch computed for a tiny model, computed by the device, and again with the same bits. */
export function fixtureAcceptance(
  name: string,
  fixture: FixtureFiles,
  makeDevice: () => Promise<Device>,
): void {
  test(`${name} computes what PyTorch computed for ${fixture.name}, twice the same`, async () => {
    const device = await makeDevice();
    try {
      const tensors = tensorsOf(fixture.bytes);
      const verified = await verifyFixture({ tensors, settings: fixture.settings, device });
      for (const [kind, limit] of Object.entries(TOLERANCES)) {
        expect(verified[kind as keyof typeof TOLERANCES], kind).toBeLessThanOrEqual(limit);
      }
      expect(verified.holds).toBe(true);
      // The errors are figures over every element: bits that differ anywhere show in them.
      expect(await verifyFixture({ tensors, settings: fixture.settings, device })).toEqual(verified);
    } finally {
      device.dispose();
    }
  });
}

export function tensorsOf(bytes: Uint8Array): ReadonlyMap<string, FixtureTensor> {
  const file = readSafetensors(bytes);
  const tensors = new Map<string, FixtureTensor>();
  for (const name of file.names) {
    const { shape, dtype } = file.entry(name);
    tensors.set(name, { shape, values: dtype.startsWith('I') ? file.ints(name) : file.floats(name) });
  }
  return tensors;
}
