import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, describe, expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { openGpu } from '../webgpu/adapter.ts';
import { openWebgpu, type WebgpuDevice } from '../webgpu/device.ts';
import { watch } from '../webgpu/testing/watched-gpu.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();
const NAME = 'shared-webgpu';
tf.copyRegisteredKernels('webgpu', NAME);

afterEach(() => {
  if (tf.getBackend() === NAME) tf.removeBackend(NAME);
});

// One GPU device for tfjs and for us, whoever made it: what one computes the other reads where it lies.
describe.skipIf(gpu === null)('tfjs and webgpu on one GPU device', () => {
  test('tfjs over ours reads a state that we train, without a copy', async () => {
    const { device: real } = await openGpu(gpu ?? undefined);
    const watched = watch(real);
    const device = await openWebgpu(watched.device);
    const backend = await tfjsOn(device.gpuDevice);
    await readsWithoutCopy(device, backend, watched);
    expect(await ones(device, 3)).toEqual([2, 2, 2]);
    device.dispose();
    real.destroy();
  });

  test('ours over tfjs does so too, and leaves its GPU device open', async () => {
    const { device: real } = await openGpu(gpu ?? undefined);
    const watched = watch(real);
    const backend = await tfjsOn(watched.device);
    const device = await openWebgpu(backend.device);
    await readsWithoutCopy(device, backend, watched);
    device.dispose();
    expect(await valuesOf(tf.add(tf.scalar(1), tf.scalar(2)))).toEqual([3]);
    real.destroy();
  });

  test('a mistake in work of tfjs is not taken for one of ours', async () => {
    const { device: real } = await openGpu(gpu ?? undefined);
    const device = await openWebgpu(real);
    const backend = await tfjsOn(real);
    const heard: string[] = [];
    real.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      heard.push(event.error.message);
    });
    const tensor = tf.tensor([1, 2, 3]);
    backend.uploadToGPU(tensor.dataId);
    resourceOf(backend, tensor).destroy();
    const [ours] = await Promise.all([ones(device, 2), tf.add(tensor, 1).data()]);
    expect(ours).toEqual([2, 2]);
    await expect.poll(() => heard.join()).toMatch(/destroyed/);
    device.dispose();
    real.destroy();
  });
});

async function tfjsOn(device: GPUDevice): Promise<WebGPUBackend> {
  const backend = new WebGPUBackend(device);
  tf.registerBackend(NAME, () => backend);
  await tf.setBackend(NAME);
  return backend;
}

async function readsWithoutCopy(
  device: WebgpuDevice,
  backend: WebGPUBackend,
  watched: ReturnType<typeof watch>,
): Promise<void> {
  const g = new GraphBuilder();
  const weights = g.state('weights', [fixed(2), fixed(3)], 'parameter');
  const next = g.node('affine', [weights], { factor: 2, offset: 1 });
  const session = await device.open(g.states);
  await session.write('weights', Float32Array.of(1, 2, 3, 4, 5, 6));
  const program = await session.compile(g.program('double', { outputs: {}, updates: { weights: next } }));
  await program.run({});
  const { buffer, offset } = session.onGpu('weights') ?? {};
  if (buffer === undefined) throw new Error('the state lies in one buffer');
  expect(offset).toBe(0);
  const made = () => ['createBuffer', 'writeBuffer'].map((name) => watched.calls.get(name) ?? 0);
  const before = made();
  const shared = tf.tensor({ buffer, zeroCopy: true }, [2, 3], 'float32');
  expect(made()).toEqual(before);
  expect(resourceOf(backend, shared)).toBe(buffer);
  expect(await valuesOf(tf.add(shared, 1))).toEqual([4, 6, 8, 10, 12, 14]);
  // What we compute next is there at once, too: both queue their work on the same GPU.
  await program.run({});
  expect(await valuesOf(tf.add(shared, 0))).toEqual([7, 11, 15, 19, 23, 27]);
  // The buffer is lent: tfjs gives up its tensor, and our state is still there.
  shared.dispose();
  expect([...(await session.read('weights'))]).toEqual([7, 11, 15, 19, 23, 27]);
  session.dispose();
}

function resourceOf(backend: WebGPUBackend, tensor: tf.Tensor): GPUBuffer {
  const { tensorMap } = backend as unknown as { tensorMap: Map<object, { resource: GPUBuffer }> };
  const resource = tensorMap.get(tensor.dataId)?.resource;
  if (resource === undefined) throw new Error('the tensor is not on the GPU');
  return resource;
}

async function valuesOf(tensor: tf.Tensor): Promise<number[]> {
  return [...((await tensor.data()) as Float32Array)];
}

/** A program of ours: 1 + 1 so many times. */
async function ones(device: WebgpuDevice, size: number): Promise<number[]> {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(size)], 'f32');
  const session = await device.open([]);
  const y = g.node('add', [x, x], {});
  const executable = await session.compile(g.program('twice', { outputs: { y } }));
  const { y: values = [] } = await executable.run({ x: new Float32Array(size).fill(1) });
  session.dispose();
  return [...values];
}
