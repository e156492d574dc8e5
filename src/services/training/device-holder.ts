import type { DeviceReport } from '../../domain/runs/ports.ts';
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
  /** What `auto` took, and why: the same device may be held because somebody chose it by name. */
  let automatic: DeviceReport | null = null;
  /** One after the other: two callers must not open one device twice. */
  let last: Promise<unknown> = Promise.resolve();

  const drop = (name: DeviceName): void => {
    held.get(name)?.opened.dispose();
    held.delete(name);
    if (automatic?.device.name === name) automatic = null;
  };
  const open = async (choice: DeviceChoice, except: ReadonlySet<DeviceName>): Promise<OpenedDevice> => {
    const name = choice === 'auto' ? automatic?.device.name : choice;
    const known = name === undefined || except.has(name) ? undefined : held.get(name);
    if (known !== undefined) {
      if (choice === 'auto') return { ...known, ...automatic };
      return { ...known, reason: `${choice} was chosen by name.` };
    }
    const device = await source.open(choice, except);
    const before = held.get(device.device.name);
    if (before !== undefined && before !== device) device.opened.dispose();
    const { opened } = before ?? device;
    const kept = { ...device, opened, device: opened.info };
    held.set(kept.device.name, kept);
    if (choice === 'auto') automatic = { device: kept.device, reason: kept.reason, tried: kept.tried };
    if (before === undefined) {
      void opened.lost.then(() => {
        if (held.get(kept.device.name)?.opened === opened) drop(kept.device.name);
      });
    }
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
