import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { openWebgpu } from '../webgpu/device.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();

test.skipIf(gpu === null)(
  'tfjs on the same GPU device reads a state that we trained, without a copy',
  async () => {
    const device = await openWebgpu(gpu ?? undefined);
    const backend = new WebGPUBackend(device.gpuDevice);
    tf.registerBackend('shared-webgpu', () => backend);
    tf.copyRegisteredKernels('webgpu', 'shared-webgpu');
    await tf.setBackend('shared-webgpu');
    const g = new GraphBuilder();
    const weights = g.state('weights', [fixed(2), fixed(3)], 'parameter');
    const next = g.node('affine', [weights], { factor: 2, offset: 1 });
    const session = await device.open(g.states);
    await session.write('weights', Float32Array.of(1, 2, 3, 4, 5, 6));
    const program = await session.compile(g.program('double', { outputs: {}, updates: { weights: next } }));
    await program.run({});
    const { buffer } = session.onGpu('weights') ?? {};
    if (buffer === undefined) throw new Error('the state lies in one buffer');
    const shared = tf.tensor({ buffer, zeroCopy: true }, [2, 3], 'float32');
    const resource = (
      backend as unknown as { tensorMap: Map<object, { resource: GPUBuffer }> }
    ).tensorMap.get(shared.dataId)?.resource;
    expect(resource).toBe(buffer);
    const read = (tensor: tf.Tensor) => tensor.data() as Promise<Float32Array>;
    expect([...(await read(tf.add(shared, 1)))]).toEqual([4, 6, 8, 10, 12, 14]);
    // What we compute next is there at once, too: both queue their work on the same GPU.
    await program.run({});
    expect([...(await read(tf.add(shared, 0)))]).toEqual([7, 11, 15, 19, 23, 27]);
    shared.dispose();
    // And on a GPU device that tfjs has made, ours runs beside it and leaves it open.
    const guest = await openWebgpu(backend.device);
    const other = await guest.open(g.states);
    await other.write('weights', Float32Array.of(1, 0, 0, 0, 0, 0));
    expect([...(await other.read('weights'))]).toEqual([1, 0, 0, 0, 0, 0]);
    guest.dispose();
    expect([...(await read(tf.add(tf.scalar(1), tf.scalar(2))))]).toEqual([3]);
    device.dispose();
  },
);
