import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { sizeOf } from '../../graph/sizes.ts';
import { neverLost, type TfjsBackend, watchNothing } from './backend.ts';
import { hostKernels } from './host/kernels.ts';
import { matmul, plainKernels } from './plain.ts';

/** tfjs's plain JavaScript backend: the slowest, and there wherever JavaScript is. */
export async function openCpu(): Promise<TfjsBackend> {
  const backend = new MathBackendCPU();
  // In Node it would otherwise advertise another package on the console.
  (backend as unknown as { firstUse: boolean }).firstUse = false;
  const values = (tensor: { dataId: object }) => backend.data.get(tensor.dataId).values;
  return {
    info: {
      name: 'tfjs-cpu',
      description: 'JavaScript, 1 thread',
      limits: { max_buffer_bytes: null, memory_bytes: null },
    },
    kernelsOf: 'cpu',
    backend,
    kernels: {
      ...plainKernels,
      matmul,
      ...hostKernels({
        create: (shape) => backend.makeTensorInfo([...shape], 'float32', new Float32Array(sizeOf(shape))),
        f32: (tensor) => values(tensor) as Float32Array,
        i32: (tensor) => values(tensor) as Int32Array,
      }),
    },
    lost: neverLost(),
    pooled: false,
    upload: (data, shape) =>
      backend.makeTensorInfo([...shape], data instanceof Int32Array ? 'int32' : 'float32', data.slice()),
    watch: watchNothing,
    trim: () => {},
    dispose: () => backend.dispose(),
  };
}
