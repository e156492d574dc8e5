import type { DeviceChoice, DeviceName } from '../../engine/device.ts';
import type { DeviceSource, OpenedDevice } from './devices.ts';

/** Keeps opened devices, so that a run and a sample share one, and `auto` is found out once. */
export interface DeviceHolder {
  open: DeviceSource['open'];
  /** Forgets and closes a device that failed. */
  drop(name: DeviceName): void;
  dispose(): void;
}

export function holdDevices(source: DeviceSource): DeviceHolder {
  const held = new Map<DeviceName, OpenedDevice>();
  let automatic: DeviceName | null = null;
  /** One after the other: two callers must not open one device twice. */
  let last: Promise<unknown> = Promise.resolve();

  const drop = (name: DeviceName): void => {
    held.get(name)?.opened.dispose();
    held.delete(name);
    if (automatic === name) automatic = null;
  };
  const open = async (choice: DeviceChoice, except: ReadonlySet<DeviceName>): Promise<OpenedDevice> => {
    const name = choice === 'auto' ? automatic : choice;
    const known = name === null || except.has(name) ? undefined : held.get(name);
    if (known !== undefined) return known;
    const device = await source.open(choice, except);
    const before = held.get(device.device.name);
    if (before !== undefined && before !== device) device.opened.dispose();
    const kept = before ?? device;
    held.set(kept.device.name, kept);
    if (choice === 'auto') automatic = kept.device.name;
    void kept.opened.lost.then(() => {
      if (held.get(kept.device.name) === kept) drop(kept.device.name);
    });
    return kept;
  };
  return {
    open(choice, except = new Set()) {
      const opened = last.then(() => open(choice, except));
      last = opened.catch(() => undefined);
      return opened;
    },
    drop,
    dispose() {
      for (const name of [...held.keys()]) drop(name);
    },
  };
}
