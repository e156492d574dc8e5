import { deviceErrors } from '../../errors.ts';
import { adapterInWords, namesSoftware } from '../adapter-words.ts';
import type { AdapterFacts } from './adapter-facts.ts';

/** What is asked of an adapter, and what its device then offers to kernels. */

/** WebGPU's own default: no kernel binds more, also where the adapter would take it. */
const MAX_BINDINGS = 8;
const WORKGROUP_SIZE = 256;

/** Used where the adapter has them; each of the first two must pass the gate before a kernel relies on it. */
const WANTED_FEATURES = ['subgroups', 'shader-f16', 'timestamp-query'] as const;
const WANTED_LIMITS = [
  'maxStorageBufferBindingSize',
  'maxBufferSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupsPerDimension',
] as const;

const UNKNOWN = {
  ...{ vendor: '', architecture: '', device: '', description: '' },
  ...{ subgroupMinSize: 0, subgroupMaxSize: 0, isFallbackAdapter: false },
} as GPUAdapterInfo;

export interface OpenedGpu {
  readonly device: GPUDevice;
  readonly info: GPUAdapterInfo;
  /** Whether the device was made here, and is destroyed with ours. */
  readonly own: boolean;
}

/** A GPU device of its own, or the one that is handed in, with what it was made with. Throws ANN-DEV-003. */
export async function openGpu(source: GPU | GPUDevice | undefined): Promise<OpenedGpu> {
  if (source !== undefined && 'createBuffer' in source) {
    // Older browsers do not tell of a device which adapter it is from.
    const info = (source.adapterInfo as GPUAdapterInfo | undefined) ?? UNKNOWN;
    return { device: source, info, own: false };
  }
  const adapter = (await source?.requestAdapter({ powerPreference: 'high-performance' })) ?? null;
  if (adapter === null) throw deviceErrors.unavailable({ message: 'There is no WebGPU adapter here' });
  const requiredLimits: Record<string, number> = {};
  for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  const requiredFeatures = WANTED_FEATURES.filter((name) => adapter.features.has(name));
  const device = await adapter.requestDevice({ requiredLimits, requiredFeatures });
  return { device, info: adapter.info, own: true };
}

/** Everything the device claims; the gate takes away what does not hold. */
export function claimedFacts({ device, info }: OpenedGpu): AdapterFacts {
  const { limits, features } = device;
  const subgroups = features.has('subgroups');
  return {
    description: adapterInWords(info),
    software: info.isFallbackAdapter || namesSoftware(adapterInWords(info)),
    subgroups,
    subgroup_size: subgroups ? [info.subgroupMinSize || 4, info.subgroupMaxSize || 128] : [0, 0],
    f16: features.has('shader-f16'),
    half_storage: true,
    workgroup_size: Math.max(
      WORKGROUP_SIZE,
      Math.min(limits.maxComputeInvocationsPerWorkgroup, limits.maxComputeWorkgroupSizeX, 1024),
    ),
    workgroups_per_dimension: limits.maxComputeWorkgroupsPerDimension,
    workgroup_storage: limits.maxComputeWorkgroupStorageSize,
    max_binding_bytes: limits.maxStorageBufferBindingSize,
    max_buffer_bytes: limits.maxBufferSize,
    max_bindings: Math.min(limits.maxStorageBuffersPerShaderStage, MAX_BINDINGS),
    binding_alignment: limits.minStorageBufferOffsetAlignment,
  };
}
