import type { DeviceChoice, DeviceName } from '../../engine/device.ts';
import type { DeviceSource, OpenedDevice } from './devices.ts';

/** Keeps the device that was opened last, as one worker owns one device, whatever runs on it. */
export interface DeviceHolder {
  open: DeviceSource['open'];
  dispose(): void;
}

export function holdDevice(source: DeviceSource): DeviceHolder {
  let held: { readonly device: OpenedDevice; readonly choice: DeviceChoice } | null = null;
  /** One after the other: two callers must not open two devices. */
  let last: Promise<unknown> = Promise.resolve();

  const release = (): void => {
    held?.device.opened.dispose();
    held = null;
  };
  const open = async (choice: DeviceChoice, except: ReadonlySet<DeviceName>): Promise<OpenedDevice> => {
    if (held !== null && !except.has(held.device.device.name)) {
      if (choice === held.choice || choice === held.device.device.name) return held.device;
    }
    release();
    const device = await source.open(choice, except);
    held = { device, choice };
    void device.opened.lost.then(() => {
      if (held?.device === device) held = null;
    });
    return device;
  };
  return {
    open(choice, except = new Set()) {
      const opened = last.then(() => open(choice, except));
      last = opened.catch(() => undefined);
      return opened;
    },
    dispose: release,
  };
}
