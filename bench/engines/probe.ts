import type { Ceilings } from '../contest/calls.ts';
import type { Environment } from './engine.ts';
import { probeModule } from './probe-module.ts';
import { PROBE_AMOUNT } from './probe-thread.ts';
import { bestTogether } from './together.ts';

/** What this machine does at best: on its cores through WebAssembly, or on its GPU through WebGPU. */
export async function probeCeilings(device: string, environment: Environment): Promise<Ceilings> {
  if (/webgpu/.test(device)) return probeGpu(environment);
  const module = probeModule();
  const best = async (job: 'fma' | 'read') =>
    (PROBE_AMOUNT[job] * bestTogether(await environment.startProbes(module, job))) / 1e6;
  return {
    fma_gflops: await best('fma'),
    read_gbytes: await best('read'),
  };
}

const SIZE = 256;
const FMA_ROUNDS = 256;
/** Accumulators of four lanes that each thread keeps. */
const CHAINS = 8;

async function probeGpu(environment: Environment): Promise<Ceilings> {
  const gpu = await environment.gpu();
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('There is no WebGPU here.');
  const device = await adapter.requestDevice({
    requiredLimits: {
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
      maxBufferSize: adapter.limits.maxBufferSize,
    },
  });
  try {
    const bytes = Math.min(512 * 2 ** 20, device.limits.maxStorageBufferBindingSize);
    const input = device.createBuffer({ size: bytes, usage: GPUBufferUsage.STORAGE });
    const output = device.createBuffer({ size: 2 ** 22, usage: GPUBufferUsage.STORAGE });
    const time = async (code: string, groups: number): Promise<number> => {
      const module = device.createShaderModule({ code });
      const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
      const bindGroup = device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: { buffer: input } },
          { binding: 1, resource: { buffer: output } },
        ],
      });
      let best = Number.POSITIVE_INFINITY;
      const until = performance.now() + 1500;
      for (let i = 0; i < 3 || performance.now() < until; i++) {
        const start = performance.now();
        const encoder = device.createCommandEncoder();
        for (let again = 0; again < repeats; again++) {
          const pass = encoder.beginComputePass();
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, bindGroup);
          pass.dispatchWorkgroups(groups);
          pass.end();
        }
        device.queue.submit([encoder.finish()]);
        await device.queue.onSubmittedWorkDone();
        if (i > 0) best = Math.min(best, performance.now() - start);
      }
      return best;
    };
    // On a real GPU one dispatch is over before the API has noticed: then more of them are timed together.
    let repeats = 1;
    const groups = 1024;
    const once = await time(fmaShader(), groups);
    if (once < 20) repeats = Math.min(200, Math.ceil(40 / once));
    const fmaMs = await time(fmaShader(), groups);
    const flops = repeats * groups * SIZE * FMA_ROUNDS * CHAINS * 4 * 2;
    const readMs = await time(readShader(groups * SIZE), groups);
    return { fma_gflops: flops / fmaMs / 1e6, read_gbytes: (repeats * bytes) / readMs / 1e6 };
  } finally {
    device.destroy();
  }
}

const BINDINGS = `
@group(0) @binding(0) var<storage, read> input: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> output: array<vec4f>;
`;

function fmaShader(): string {
  const chains = Array.from({ length: CHAINS }, (_, i) => i);
  return `${BINDINGS}
@compute @workgroup_size(${SIZE}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let x = input[id.x % 64u] * 1e-9 + vec4f(0.999);
  let y = vec4f(0.001);
${chains.map((i) => `  var a${i} = vec4f(f32(id.x) + ${i}.0);`).join('\n')}
  for (var round = 0u; round < ${FMA_ROUNDS}u; round++) {
${chains.map((i) => `    a${i} = fma(a${i}, x, y);`).join('\n')}
  }
  output[id.x % 65536u] = ${chains.map((i) => `a${i}`).join(' + ')};
}`;
}

function readShader(threads: number): string {
  return `${BINDINGS}
@compute @workgroup_size(${SIZE}) fn main(@builtin(global_invocation_id) id: vec3u) {
  let length = arrayLength(&input);
  var sum = vec4f();
  for (var i = id.x; i < length; i += ${threads}u) { sum += input[i]; }
  output[id.x % 65536u] = sum;
}`;
}
