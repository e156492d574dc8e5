import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { pollPatiently } from './polling.ts';

/** Where Debian's and Google's browsers keep their Vulkan loader and SwiftShader. */
const BROWSER_FOLDERS = [
  '/usr/lib/chromium',
  '/usr/lib/chromium-browser',
  '/opt/google/chrome',
  '/usr/lib64/chromium-browser',
];

/** glibc's RTLD_NODELETE: what was loaded stays. */
const RTLD_NODELETE = 0x1000;

let gpu: GPU | null | undefined;

/**
 * WebGPU in Node through Dawn (the npm package `webgpu`): on the machine's own driver where there is one,
 * else on a browser's SwiftShader. Null where neither is there. Sets WebGPU's globals, as tfjs expects, and how
 * often Dawn looks for what is done.
 */
export async function nodeGpu(): Promise<GPU | null> {
  if (gpu !== undefined) return gpu;
  gpu = null;
  try {
    prepareSwiftShader();
    const { create, globals } = await import('webgpu');
    Object.assign(globalThis, globals);
    pollPatiently();
    gpu = create([]);
    Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu, configurable: true });
  } catch {
    // The package has no binary for this platform, or its libraries are missing: no WebGPU then.
    gpu = null;
  }
  return gpu;
}

/**
 * The Vulkan loader reads its variables when it is loaded, so this comes before Dawn. Dawn asks for
 * libvulkan.so.1 by name; where the system has none, the browser's is loaded first and found by that name.
 */
function prepareSwiftShader(): void {
  if (process.platform !== 'linux') return;
  if (process.env['VK_ICD_FILENAMES'] === undefined && !hasDriver()) {
    const icd = BROWSER_FOLDERS.map((folder) => join(folder, 'vk_swiftshader_icd.json')).find(existsSync);
    if (icd !== undefined) process.env['VK_ICD_FILENAMES'] = icd;
  }
  const icd = process.env['VK_ICD_FILENAMES'];
  if (icd === undefined) return;
  const loader = join(dirname(icd), 'libvulkan.so.1');
  if (!existsSync(loader)) return;
  try {
    process.dlopen(
      { exports: {} },
      loader,
      constants.dlopen.RTLD_NOW | constants.dlopen.RTLD_GLOBAL | RTLD_NODELETE,
    );
  } catch {
    // It is no Node module, which Node says only after it has loaded it.
  }
}

function hasDriver(): boolean {
  const folders = ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d'];
  return folders.some(existsSync) && existsSync('/dev/dri');
}
