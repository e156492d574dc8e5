import { BackendWasm, getThreadsCount, setThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { env, findBackendFactory, getKernelsForBackend } from '@tensorflow/tfjs-core';
import { deviceErrors } from '../../errors.ts';
import { neverLost, type TfjsBackend, watchNothing } from './backend.ts';
import { composedKernels } from './composed.ts';
import { hostKernels } from './host/kernels.ts';
import type { HostMemory } from './host/memory.ts';
import { plainKernels } from './plain.ts';
import { wasmMatmul } from './wasm-matmul.ts';

/** Where the three .wasm files are: a folder's address ending in /, or an address for each. */
export type WasmPaths = string | WasmFiles;
export interface WasmFiles {
  readonly 'tfjs-backend-wasm.wasm': string;
  readonly 'tfjs-backend-wasm-simd.wasm': string;
  readonly 'tfjs-backend-wasm-threaded-simd.wasm': string;
}

/** The most that a WASM memory with 32-bit addresses holds. */
const HEAP_BYTES = 2 ** 32 - 2 ** 16;

/** What emscripten gives its module besides what tfjs declares. */
interface Heap {
  _malloc: (bytes: number) => number;
}

/**
 * tfjs keeps the functions of its wasm module in variables of its own module, so there can be only one
 * in a worker; devices share it, and the last one to go ends its threads.
 */
let shared: { readonly opened: Promise<BackendWasm>; users: number } | null = null;

export async function openWasm(paths: WasmPaths): Promise<TfjsBackend> {
  shared ??= { opened: start(paths), users: 0 };
  const mine = shared;
  mine.users++;
  const release = () => {
    mine.users--;
    if (mine.users > 0) return;
    if (shared === mine) shared = null;
    void mine.opened.then(
      (backend) => backend.dispose(),
      () => {},
    );
  };
  try {
    return backendOf(await mine.opened, release);
  } catch (error) {
    release();
    throw error;
  }
}

async function start(paths: WasmPaths): Promise<BackendWasm> {
  setWasmPaths(typeof paths === 'string' ? paths : { ...paths });
  const factory = findBackendFactory('wasm');
  const backend = await withThreads(async () => factory?.());
  if (!(backend instanceof BackendWasm))
    throw deviceErrors.unavailable({ message: 'tfjs has no wasm backend' });
  checkMalloc(backend.wasm as unknown as Heap);
  for (const kernel of getKernelsForBackend('wasm')) kernel.setupFunc?.(backend);
  return backend;
}

/**
 * tfjs takes half of the processors as threads, whatever it is told: one on a machine with two, where two
 * are twice as fast. So while it starts it is shown twice as many as it shall take.
 */
async function withThreads<T>(begin: () => Promise<T>): Promise<T> {
  const processors = navigator.hardwareConcurrency;
  if (processors !== 2 && processors !== 3) return begin();
  setThreadsCount(2);
  Object.defineProperty(navigator, 'hardwareConcurrency', { value: 4, configurable: true });
  try {
    return await begin();
  } finally {
    // The prototype's own getter shows again.
    Reflect.deleteProperty(navigator, 'hardwareConcurrency');
  }
}

/**
 * tfjs does not look at what malloc returns, and would write to address 0. An accessor, since emscripten
 * puts the real function in place of a stub at the first call. Malloc itself takes 32 bits.
 */
function checkMalloc(heap: Heap): void {
  let malloc = heap._malloc;
  const checked = (bytes: number): number => {
    const address = bytes > HEAP_BYTES ? 0 : malloc(bytes);
    if (address === 0 && bytes > 0) throw new RangeError(`The WASM heap has no ${bytes} bytes left`);
    return address;
  };
  Object.defineProperty(heap, '_malloc', {
    get: () => checked,
    set: (real: Heap['_malloc']) => {
      malloc = real;
    },
  });
}

/**
 * Where XNNPACK's SIMD, one kernel after the other, beats one loop in JavaScript (bench/NOTES.md). Not for
 * sums over many elements: tfjs adds them up in f32, one after the other.
 */
const vectorised = {
  affine: composedKernels.affine,
  gelu: composedKernels.gelu,
  gelu_grad: composedKernels.gelu_grad,
  gelu_new: composedKernels.gelu_new,
  gelu_new_grad: composedKernels.gelu_new_grad,
  silu: composedKernels.silu,
  silu_grad: composedKernels.silu_grad,
  relu_grad: composedKernels.relu_grad,
  softmax: composedKernels.softmax,
  softmax_grad: composedKernels.softmax_grad,
  ema: composedKernels.ema,
  ema_square: composedKernels.ema_square,
  adamw_update: composedKernels.adamw_update,
  decayed_update: composedKernels.decayed_update,
};

function backendOf(backend: BackendWasm, release: () => void): TfjsBackend {
  const threaded = env().get('WASM_HAS_MULTITHREAD_SUPPORT') === true;
  const simd = env().get('WASM_HAS_SIMD_SUPPORT') === true;
  const threads = threaded && simd ? getThreadsCount() : 1;
  const memory: HostMemory = {
    create: (shape) => backend.makeOutput([...shape], 'float32'),
    f32: (tensor) => backend.typedArrayFromHeap(tensor) as Float32Array,
    i32: (tensor) => backend.typedArrayFromHeap(tensor) as Int32Array,
  };
  let disposed = false;
  return {
    info: {
      name: 'tfjs-wasm',
      description: `WASM${simd ? ', SIMD' : ''}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
      limits: { max_buffer_bytes: HEAP_BYTES, memory_bytes: HEAP_BYTES },
    },
    kernelsOf: 'wasm',
    backend,
    kernels: { ...plainKernels, matmul: wasmMatmul(backend), ...hostKernels(memory), ...vectorised },
    lost: neverLost(),
    pooled: false,
    upload: (values, shape) => {
      const dtype = values instanceof Int32Array ? 'int32' : 'float32';
      return { dataId: backend.write(values, [...shape], dtype), shape: [...shape], dtype };
    },
    watch: watchNothing,
    trim: () => {},
    dispose: () => {
      if (disposed) return;
      disposed = true;
      release();
    },
  };
}
