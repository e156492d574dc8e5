import { PRESETS, presetModel } from '../../../graph/lower/testing/presets.ts';
import { decoderState } from '../../../inference/decoder.ts';
import { adamW } from '../../../optimizers/testing/configs.ts';
import { buildTrainingStep } from '../../../training/step.ts';
import { openWasmDevice, type WasmOptions } from '../../wasm/device.ts';
import type { Machine } from '../../wasm/machine.ts';
import { nodeHost } from '../../wasm/node/host.ts';

export interface StepMemory {
  /** What pre-flight shows. */
  readonly planned: number;
  /** Bytes of the device's linear memory. */
  readonly linear: number;
  /** By how much the process's resident memory grew from before the session was opened to its peak in a step. */
  readonly resident: number;
}

/** Trains two steps of a preset with all that a run compiles. In a process of its own: it looks at all of it. */
export async function stepMemory(preset: keyof typeof PRESETS, options: WasmOptions): Promise<StepMemory> {
  const { batch, context } = PRESETS[preset];
  const model = presetModel('gpt2', preset);
  const sizes = { model, optimizer: adamW({}), batch, context, accumulation: 1 };
  const step = buildTrainingStep({ ...sizes, gradient_checkpointing: false, device_memory: 'arena' });
  if (step.update.mode !== 'fused') throw new Error('mode');
  const device = await openWasmDevice(nodeHost(), options);
  const caches = decoderState(model).filter(({ kind }) => kind === 'cache');
  const before = process.memoryUsage.rss();
  const session = await device.open([...step.state, ...caches]);
  const program = step.update.step;
  const update = await session.compile(program);
  await session.compile(step.evaluate);
  const feeds = Object.fromEntries(
    Object.entries(program.inputs).map(([name, id]) => {
      const { shape = [], dtype = 'f32' } = program.nodes[id] ?? {};
      const size = shape.reduce<number>((count, extent) => count * Number(extent), 1);
      return [name, dtype === 'i32' ? new Int32Array(size).fill(1) : new Float32Array(size).fill(1e-3)];
    }),
  );
  let peak = 0;
  for (let i = 0; i < 2; i++) {
    await update.run(feeds);
    peak = Math.max(peak, process.memoryUsage.rss());
  }
  const { heap } = (device as unknown as { readonly machine: Machine }).machine;
  const linear = heap.memory.buffer.byteLength;
  device.dispose();
  return { planned: step.memory.total, linear, resident: peak - before };
}

if (import.meta.main) {
  const [preset, threads] = process.argv.slice(2) as [keyof typeof PRESETS, string];
  console.log(JSON.stringify(await stepMemory(preset, { threads: Number(threads) })));
}
