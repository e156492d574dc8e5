import type { DeviceFactory } from './probe.ts';
import { createReferenceDevice } from './reference/device.ts';
import type { WasmPaths } from './tfjs/wasm.ts';

/**
 * The devices that can exist in a browser, in a worker or on the page. Each loads its part of tfjs when it
 * is opened, so that the first load of the app stays small. `wasmPaths` are addresses of our own origin.
 */
export function browserDeviceFactories(options: { readonly wasmPaths: WasmPaths }): readonly DeviceFactory[] {
  const tfjs = () => import('./tfjs/open.ts');
  return [
    {
      name: 'webgpu',
      open: async () => {
        const [{ openWebgpu }, { browserTilings }] = await Promise.all([
          import('./webgpu/device.ts'),
          import('./webgpu/tilings.ts'),
        ]);
        return openWebgpu(navigator.gpu, { tilings: browserTilings() });
      },
    },
    {
      name: 'wasm',
      open: async () => {
        const [{ openWasmDevice }, { browserHost }] = await Promise.all([
          import('./wasm/device.ts'),
          import('./wasm/browser-host.ts'),
        ]);
        return openWasmDevice(browserHost());
      },
    },
    {
      name: 'tfjs-webgpu',
      open: async () => {
        const [{ openTfjsDevice }, { openWebgpu }] = await Promise.all([
          tfjs(),
          import('./tfjs/webgpu/backend.ts'),
        ]);
        return openTfjsDevice(() => openWebgpu(navigator.gpu));
      },
    },
    {
      name: 'tfjs-webgl',
      open: async () => {
        const [{ openTfjsDevice }, { openWebgl }] = await Promise.all([
          tfjs(),
          import('./tfjs/webgl/backend.ts'),
        ]);
        return openTfjsDevice(openWebgl);
      },
    },
    {
      name: 'tfjs-wasm',
      open: async () => {
        const [{ openTfjsDevice }, { openWasm }] = await Promise.all([tfjs(), import('./tfjs/wasm.ts')]);
        return openTfjsDevice(() => openWasm(options.wasmPaths));
      },
    },
    {
      name: 'tfjs-cpu',
      lastResort: true,
      open: async () => {
        const [{ openTfjsDevice }, { openCpu }] = await Promise.all([tfjs(), import('./tfjs/cpu.ts')]);
        return openTfjsDevice(openCpu);
      },
    },
    { name: 'reference', lastResort: true, open: async () => createReferenceDevice() },
  ];
}
