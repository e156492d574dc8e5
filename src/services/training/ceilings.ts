import type { Settings } from '../../domain/runs/ports.ts';
import type { Device, DeviceCeilings } from '../../engine/device.ts';

/** Kernels may differ from the probe by so much, in which the clock's steps have their part. */
const BY_FAR = 1.1;

/** What the device reaches at best: measured at the first question, then kept. Null: it cannot be measured. */
export async function ceilingsOf(settings: Settings, device: Device): Promise<DeviceCeilings | null> {
  const { name, description } = device.info;
  const key = keyOf(name, description);
  const known = read(await settings.get(key));
  if (known !== null || device.ceilings === undefined) return known;
  const measured = read(await device.ceilings());
  if (measured !== null) await settings.set(key, { ...measured });
  return measured;
}

/**
 * A kernel that surpasses the ceiling by far says that the device was busy when it was measured, or that a
 * clock was wrong since: what is kept is then forgotten, and measured anew at the next question. Kept, one
 * wrong clock would hold all later steps to what this device cannot do. Never rejects.
 */
export async function doubtCeilings(
  settings: Settings,
  { name, description }: Device['info'],
  reached: DeviceCeilings,
): Promise<void> {
  try {
    const key = keyOf(name, description);
    const known = read(await settings.get(key));
    if (known === null || reached.flops_per_second <= BY_FAR * known.flops_per_second) return;
    await settings.set(key, null);
  } catch {
    // It stays as it was.
  }
}

function keyOf(name: string, description: string): string {
  return `ceilings/${name}/${description}`;
}

/** Settings hold anything; what is no speed is measured again. */
function read(value: unknown): DeviceCeilings | null {
  if (typeof value !== 'object' || value === null) return null;
  const { flops_per_second, bytes_per_second } = value as Partial<DeviceCeilings>;
  if (!isSpeed(flops_per_second) || !isSpeed(bytes_per_second)) return null;
  return { flops_per_second, bytes_per_second };
}

function isSpeed(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}
