import { deviceErrors } from '../../errors.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import { USAGE } from './buffers.ts';
import { halfStorageTrial, halfTileTrial } from './half-trials.ts';
import { scoped } from './scopes.ts';

/**
 * Drivers claim what they do not do well. At start-up each optional path computes something of which the
 * result is known, and is left out where that comes out wrong; the plain path must come out right.
 */

interface Trial {
  readonly code: string;
  /** u32 words that must come back. */
  readonly expected: Uint32Array;
}

/** Takes away what the adapter claims in vain, and says so in the description. Throws ANN-DEV-005. */
export async function passGate(device: GPUDevice, claimed: AdapterFacts): Promise<AdapterFacts> {
  const wrong = await tryOut(device, plainTrial());
  if (wrong !== null) {
    throw deviceErrors.probeFailed({
      message: `The GPU ${claimed.description} does not compute what it should (${wrong}), so it is not used`,
      data: { adapter: claimed.description },
    });
  }
  let facts = claimed;
  const words: string[] = [];
  if (claimed.subgroups) {
    const failed = await tryOut(device, subgroupTrial());
    words.push(failed === null ? 'subgroups' : `no subgroups: ${failed}`);
    if (failed !== null) facts = { ...facts, subgroups: false, subgroup_size: [0, 0] };
  }
  if (claimed.f16) {
    const failed = await tryOut(device, halfTileTrial());
    words.push(failed === null ? 'f16' : `no f16: ${failed}`);
    if (failed !== null) facts = { ...facts, f16: false };
  }
  if (claimed.half_storage) {
    const failed = await tryOut(device, halfStorageTrial());
    if (failed !== null) {
      words.push(`float16 stored as float32: ${failed}`);
      facts = { ...facts, half_storage: false };
    }
  }
  if (claimed.workgroup_size > 256) {
    const failed = await tryOut(device, workgroupTrial(claimed.workgroup_size));
    words.push(
      failed === null
        ? `workgroups of ${claimed.workgroup_size}`
        : `no workgroups of ${claimed.workgroup_size}: ${failed}`,
    );
    if (failed !== null) facts = { ...facts, workgroup_size: 256 };
  }
  return words.length === 0 ? facts : { ...facts, description: `${facts.description} (${words.join(', ')})` };
}

/** Null where the result is right; else in words what is wrong. */
async function tryOut(device: GPUDevice, { code, expected }: Trial): Promise<string | null> {
  const bytes = expected.byteLength;
  const held: GPUBuffer[] = [];
  const keep = (buffer: GPUBuffer): GPUBuffer => {
    held.push(buffer);
    return buffer;
  };
  try {
    const pipeline = await scoped(device, 'The self-test does not compile', () =>
      device.createComputePipelineAsync({
        layout: 'auto',
        compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
      }),
    );
    // In scopes of its own: they cover what is done before anything is awaited.
    const staging = await scoped(device, 'The self-test', () => {
      const result = keep(device.createBuffer({ size: bytes, usage: USAGE.storage | USAGE.copySource }));
      const staging = keep(device.createBuffer({ size: bytes, usage: USAGE.mapRead | USAGE.copyTarget }));
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      const entries = [{ binding: 0, resource: { buffer: result } }];
      pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(result, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      return staging;
    });
    await staging.mapAsync(1);
    const found = new Uint32Array(staging.getMappedRange().slice(0));
    const at = expected.findIndex((word, i) => word !== found[i]);
    return at < 0 ? null : `word ${at} is ${found[at]} instead of ${expected[at]}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    for (const buffer of held) buffer.destroy();
  }
}

function bitsOf(values: readonly number[]): Uint32Array {
  return new Uint32Array(Float32Array.from(values).buffer);
}

/** Sums of products that are exact in f32, through shared memory and barriers, and wrapping u32. */
function plainTrial(): Trial {
  const sums = Array.from({ length: 64 }, (_, lane) => {
    let sum = 0;
    for (let k = 0; k < 64; k++) sum += (lane + k) * (k - 31.5);
    return sum;
  });
  return {
    code: `
@group(0) @binding(0) var<storage, read_write> result : array<u32, 128>;
var<workgroup> row : array<f32, 128>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane : u32) {
  row[lane] = f32(lane);
  row[lane + 64u] = f32(lane + 64u);
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < 64u; k++) { sum += row[lane + k] * (f32(k) - 31.5); }
  result[lane] = bitcast<u32>(sum);
  result[lane + 64u] = (lane ^ 0x9e3779b9u) * 0x85ebca6bu;
}`,
    expected: Uint32Array.of(
      ...bitsOf(sums),
      ...Array.from({ length: 64 }, (_, lane) => Math.imul(lane ^ 0x9e3779b9, 0x85ebca6b) >>> 0),
    ),
  };
}

/**
 * However lanes are dealt out to subgroups, sums over all subgroups are the sum over all lanes; four
 * neighbours from a multiple of four on are a quad.
 */
function subgroupTrial(): Trial {
  return {
    code: `enable subgroups;
@group(0) @binding(0) var<storage, read_write> result : array<u32, 4>;
var<workgroup> sum : atomic<u32>;
var<workgroup> largest : atomic<u32>;
var<workgroup> wrong : atomic<u32>;
@compute @workgroup_size(64)
fn main(
  @builtin(local_invocation_index) lane : u32,
  @builtin(subgroup_invocation_id) place : u32,
  @builtin(subgroup_size) size : u32,
) {
  let added = subgroupAdd(f32(lane));
  let most = subgroupMax(lane);
  let neighbour = subgroupShuffleXor(lane, 1u);
  let first = subgroupBroadcastFirst(lane);
  let across = vec4<u32>(quadSwapX(lane), quadSwapY(lane), quadSwapDiagonal(lane), quadBroadcast(lane, 2u));
  let right = vec4<u32>(lane ^ 1u, lane ^ 2u, lane ^ 3u, (lane & ~3u) + 2u);
  if (place == 0u) {
    atomicAdd(&sum, u32(added));
    atomicMax(&largest, most);
  }
  if (neighbour != (lane ^ 1u) || first > lane || any(across != right)) { atomicAdd(&wrong, 1u); }
  workgroupBarrier();
  if (lane == 0u) {
    result[0] = atomicLoad(&sum);
    result[1] = atomicLoad(&largest);
    result[2] = atomicLoad(&wrong);
    result[3] = select(0u, 1u, size >= 2u && (size & (size - 1u)) == 0u);
  }
}`,
    expected: Uint32Array.of((64 * 63) / 2, 63, 0, 1),
  };
}

/** All lanes of a large workgroup meet at a barrier. */
function workgroupTrial(size: number): Trial {
  return {
    code: `
@group(0) @binding(0) var<storage, read_write> result : array<u32, ${size}>;
var<workgroup> row : array<u32, ${size}>;
@compute @workgroup_size(${size})
fn main(@builtin(local_invocation_index) lane : u32) {
  row[lane] = lane * lane;
  workgroupBarrier();
  result[lane] = row[${size - 1}u - lane];
}`,
    expected: Uint32Array.from({ length: size }, (_, lane) => (size - 1 - lane) ** 2),
  };
}
