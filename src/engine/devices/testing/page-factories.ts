import { browserDeviceFactories } from '../browser.ts';
import type { DeviceFactory } from '../probe.ts';
import { openRemoteWasm } from './remote-device.ts';

/** The devices of a browser for tests that run on a page, with those that may not be there in a worker. */
export function pageDeviceFactories(
  options: Parameters<typeof browserDeviceFactories>[0],
): readonly DeviceFactory[] {
  return browserDeviceFactories(options).map((factory) =>
    factory.name === 'wasm' ? { ...factory, open: () => openRemoteWasm() } : factory,
  );
}
