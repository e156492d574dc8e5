import { browserDeviceFactories } from '../browser.ts';
import { DeviceChooser } from '../probe.ts';
import type { WasmPaths } from '../tfjs/wasm.ts';

/** Opens devices where training does: in a dedicated worker. Answers with what `auto` chose and tried. */
self.onmessage = async ({ data }: MessageEvent<{ readonly wasmPaths: WasmPaths }>) => {
  const chooser = new DeviceChooser({
    factories: browserDeviceFactories(data),
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
    timeout: 60_000,
    timer: (ms, fire) => {
      const id = setTimeout(fire, ms);
      return () => clearTimeout(id);
    },
  });
  const { opened, device, reason, tried } = await chooser.open('auto');
  opened.dispose();
  const wasm = await chooser.open('tfjs-wasm');
  wasm.opened.dispose();
  self.postMessage({
    device,
    reason,
    tried,
    wasm: wasm.device.description,
    isolated: self.crossOriginIsolated,
  });
};
