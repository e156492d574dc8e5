import { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';
import type { Device } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { DeviceFactory } from '../probe.ts';
import { createReferenceDevice } from '../reference/device.ts';
import { memoryTilings, type TilingStore } from '../webgpu/tilings.ts';
import { nodeGpu } from './dawn.ts';

export interface NodeDeviceOptions {
  /** Where the fastest tilings of a GPU are kept; until the process ends where left out. */
  readonly tilings?: TilingStore;
}

/** The devices that can exist in Node; each loads its part of tfjs when it is opened. */
export function nodeDeviceFactories(options: NodeDeviceOptions = {}): readonly DeviceFactory[] {
  const { tilings = memoryTilings() } = options;
  return [
    { name: 'webgpu', open: () => openOurWebgpu(tilings) },
    { name: 'wasm', open: openWasm },
    { name: 'tfjs-webgpu', open: openTfjsWebgpu },
    { name: 'tfjs-wasm', open: openTfjsWasm },
    { name: 'tfjs-cpu', lastResort: true, open: openCpu },
    { name: 'reference', lastResort: true, open: async () => createReferenceDevice() },
  ];
}

async function openOurWebgpu(tilings: TilingStore): Promise<Device> {
  const gpu = await availableGpu();
  const { openWebgpu } = await import('../webgpu/device.ts');
  return openWebgpu(gpu, { tilings });
}

async function availableGpu(): Promise<GPU> {
  const gpu = await nodeGpu();
  if (gpu !== null) return gpu;
  throw deviceErrors.unavailable({
    message: 'Node has no WebGPU here: neither a driver nor SwiftShader was found',
  });
}

async function openTfjsWebgpu(): Promise<Device> {
  const gpu = await availableGpu();
  const [{ openTfjsDevice }, { openWebgpu }] = await Promise.all([
    import('../tfjs/open.ts'),
    import('../tfjs/webgpu/backend.ts'),
  ]);
  return openTfjsDevice(() => openWebgpu(gpu));
}

async function openWasm(): Promise<Device> {
  const [{ openWasmDevice }, { nodeHost }] = await Promise.all([
    import('../wasm/device.ts'),
    import('../wasm/node/host.ts'),
  ]);
  return openWasmDevice(nodeHost());
}

async function openTfjsWasm(): Promise<Device> {
  const [{ openTfjsDevice }, { openWasm }] = await Promise.all([
    import('../tfjs/open.ts'),
    import('../tfjs/wasm.ts'),
  ]);
  return openTfjsDevice(() => openWasm(wasmFolder()));
}

async function openCpu(): Promise<Device> {
  const [{ openTfjsDevice }, { openCpu }] = await Promise.all([
    import('../tfjs/open.ts'),
    import('../tfjs/cpu.ts'),
  ]);
  return openTfjsDevice(openCpu);
}

/** The folder of the package's .wasm files, ending in a separator. */
export function wasmFolder(): string {
  return dirname(createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm')) + sep;
}
