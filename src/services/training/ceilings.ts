import type { Settings } from '../../domain/runs/ports.ts';
import type { Device, DeviceCeilings } from '../../engine/device.ts';

/** What the device reaches at best: measured at the first question, then kept for good. Null: it cannot be measured. */
export async function ceilingsOf(settings: Settings, device: Device): Promise<DeviceCeilings | null> {
  const { name, description } = device.info;
  const key = keyOf(name, description);
  const known = read(await settings.get(key));
  if (known !== null || device.ceilings === undefined) return known;
  const measured = read(await device.ceilings());
  if (measured !== null) await settings.set(key, { ...measured });
  return measured;
}

/** Keeps what was found out since. Never rejects: a ceiling can be measured again. */
export async function keepCeilings(
  settings: Settings,
  { name, description }: Device['info'],
  ceilings: DeviceCeilings,
): Promise<void> {
  await settings.set(keyOf(name, description), { ...ceilings }).catch(() => undefined);
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
