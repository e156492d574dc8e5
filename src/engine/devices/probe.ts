import type { Device, DeviceName } from '../device.ts';

/** A device that may or may not be available here. Opening loads what it needs. */
export interface DeviceFactory {
  readonly name: DeviceName;
  open(): Promise<Device>;
}
