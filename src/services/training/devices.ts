import type { DeviceReport } from '../../domain/runs/ports.ts';
import type { Device, DeviceChoice, DeviceName } from '../../engine/device.ts';

/** A device that is open, and why it is this one. */
export interface OpenedDevice extends DeviceReport {
  readonly opened: Device;
}

/** Where devices come from; the composition root knows which there are. */
export interface DeviceSource {
  /**
   * Opens the device of that name, or for `auto` the best that works, leaving out `except` (those that
   * failed before). Throws ANN-DEV-003 where there is none.
   */
  open(choice: DeviceChoice, except?: ReadonlySet<DeviceName>): Promise<OpenedDevice>;
}
