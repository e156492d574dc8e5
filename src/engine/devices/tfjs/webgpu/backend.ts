import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env } from '@tensorflow/tfjs-core';
import type { AnnealError } from '../../../../base/error.ts';
import { deviceErrors } from '../../../errors.ts';
import { adapterInWords, namesSoftware } from '../../adapter-words.ts';
import type { TfjsBackend } from '../backend.ts';
import { webgpuKernels } from './kernels.ts';

/** What of tfjs's buffer pool is used here: it never gives anything back by itself. */
interface Pool {
  readonly freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

/** Opens tfjs on a GPU device of its own, so that several can be open and a lost one can be replaced. */
export async function openWebgpu(
  gpu: GPU | undefined,
  options: { /** For tests; otherwise as the adapter says. */ readonly emulated?: boolean } = {},
): Promise<TfjsBackend> {
  const adapter = (await gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? null;
  if (adapter === null) throw deviceErrors.unavailable({ message: 'There is no WebGPU adapter here' });
  const { limits } = adapter;
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    },
  });
  // Where a tensor happens to be must not decide what computes it: a run would not repeat bit for bit.
  env().set('WEBGPU_CPU_FORWARD', false);
  env().set('WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE', 64);
  const backend = new WebGPUBackend(device, adapter.info);
  const lost = device.lost.then(
    ({ reason, message }): AnnealError =>
      deviceErrors.lost({
        message: `The GPU was lost (${reason}): ${message || 'no reason given'}`,
        data: { reason },
      }),
  );
  return {
    info: {
      name: 'tfjs-webgpu',
      description: adapterInWords(adapter.info),
      limits: {
        max_buffer_bytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
        memory_bytes: null,
      },
    },
    kernelsOf: 'webgpu',
    backend,
    kernels: webgpuKernels(backend, options.emulated ?? isEmulated(adapter.info)),
    lost,
    pooled: true,
    upload: (values, shape) => {
      const tensor = backend.makeTensorInfo(
        [...shape],
        values instanceof Int32Array ? 'int32' : 'float32',
        values,
      );
      backend.uploadToGPU(tensor.dataId);
      return tensor;
    },
    watch: () => watch(device),
    trim: () => trim(backend),
    dispose: () => {
      backend.dispose();
      device.destroy();
    },
  };
}

function isEmulated(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || namesSoftware(adapterInWords(info));
}

/** A GPU reports its errors later: these scopes catch what is queued until the watch is ended. */
function watch(device: GPUDevice): () => Promise<AnnealError | null> {
  device.pushErrorScope('validation');
  device.pushErrorScope('internal');
  device.pushErrorScope('out-of-memory');
  return async () => {
    const scopes = [device.popErrorScope(), device.popErrorScope(), device.popErrorScope()];
    // A lost device rejects here; its `lost` says so better.
    const [noMemory, internal, invalid] = await Promise.all(scopes.map((scope) => scope.catch(() => null)));
    if (noMemory) {
      const message = `${deviceErrors.outOfMemory.title}: ${noMemory.message}`;
      return deviceErrors.outOfMemory({ message });
    }
    const error = internal ?? invalid;
    return error ? deviceErrors.failed({ message: `${deviceErrors.failed.title}: ${error.message}` }) : null;
  };
}

function trim(backend: WebGPUBackend): void {
  const { commandEncoder } = backend as unknown as { readonly commandEncoder: GPUCommandEncoder | null };
  if (commandEncoder !== null) {
    (backend as unknown as { endComputePassEncoder(): void }).endComputePassEncoder();
    backend.submitQueue();
  }
  const pool = (backend as unknown as { readonly bufferManager: Pool }).bufferManager;
  for (const buffers of pool.freeBuffers.values()) {
    for (const buffer of buffers) {
      pool.numBytesAllocated -= buffer.size;
      pool.numFreeBuffers--;
      buffer.destroy();
    }
  }
  // The map itself stays filled with empty lists: tfjs does not release into an empty map.
  for (const key of pool.freeBuffers.keys()) pool.freeBuffers.set(key, []);
}
