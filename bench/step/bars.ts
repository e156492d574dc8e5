import { namesSoftware } from '../../src/engine/devices/adapter-words.ts';
import { medianOf, pairedRatio } from '../contest/rounds.ts';
import { type Bar, bar } from '../report.ts';
import type { Workload } from '../workload/workload.ts';
import type { StepCeiling } from './ceiling.ts';
import type { Contender } from './contender.ts';
import { planBytes } from './plan-bytes.ts';

/** The bars that this run can tell about; those of a peer that did not take part are not here. */
export function stepBars(
  workload: Workload,
  contenders: readonly Contender[],
  { gflop, ceiling }: { readonly gflop: number; readonly ceiling: StepCeiling },
): Bar[] {
  const { preset, model } = workload;
  const bars: Bar[] = [];
  const find = (engine: string, device: string) =>
    contenders.find(({ entrant }) => entrant.engine === engine && entrant.device === device);
  const [ours] = contenders;
  if (ours === undefined) return bars;
  const { device, where } = ours.entrant;
  const what = `${preset} ${model.model_type}, ${device} in ${where}`;
  const times = (peer: Contender | undefined, name: string, least: number): void => {
    if (peer === undefined) return;
    bars.push(bar(`${what}: times faster than ${name}`, pairedRatio(peer, ours), '>=', least));
  };
  const share = (of: number | null, name: string, least: number): void => {
    if (of === null) return;
    const reached = (gflop / medianOf(ours)) * 1000;
    bars.push(bar(`${what}: share of ${name}`, reached / of, '>=', least));
  };

  if (device === 'wasm') {
    const pytorch = find('pytorch', 'cpu');
    if (pytorch !== undefined) {
      const limit = preset === 'small' ? 1.2 : 1.8;
      bars.push(bar(`${what}: times the time of PyTorch`, pairedRatio(ours, pytorch), '<=', limit));
    }
    if (preset === 'small') {
      times(find('jax', 'wasm'), 'jax-js wasm', 3);
      times(find('tfjs', 'wasm'), 'tfjs wasm', 40);
    } else {
      share(ceiling.ceiling_gflops, 'the fastest product in WASM', 0.7);
      // The bar's own words: of any engine in that run.
      if (ceiling.any_ceiling_of !== ceiling.ceiling_of) {
        share(
          ceiling.any_ceiling_gflops,
          `the fastest product of any engine (${ceiling.any_ceiling_of})`,
          0.7,
        );
      }
    }
  }
  if (device === 'webgpu') {
    if (ours.gpu_calls !== null) {
      const layers = model.model_type === 'gpt2' ? model.n_layer : model.num_hidden_layers;
      bars.push(bar(`${what}: submits of a step`, ours.gpu_calls.submits, '<=', 1));
      bars.push(bar(`${what}: dispatches of a step and layer`, ours.gpu_calls.dispatches / layers, '<=', 20));
    }
    const { bytes, least_bytes } = planBytes(workload);
    bars.push(
      bar(`${what}: bytes that dispatches move, times the least of the plan`, bytes / least_bytes, '<=', 1.5),
    );
    if (namesSoftware(ours.description)) {
      times(find('jax', 'webgpu'), 'jax-js webgpu', 1.8);
      times(find('tfjs', 'webgpu'), 'tfjs webgpu', 10);
    } else {
      const peers = contenders.filter(({ entrant }) => !['anneal', 'pytorch'].includes(entrant.engine));
      const ratio = (peer: Contender) => pairedRatio(peer, ours);
      const [fastest] = peers.sort((a, b) => ratio(a) - ratio(b));
      times(fastest, `the fastest browser peer (${fastest?.title})`, 2);
      share(ceiling.ceiling_gflops, 'the fastest product', 0.5);
      const halves = contenders.find(
        ({ entrant }) => entrant.device === device && entrant.dtype === 'float16',
      );
      if (halves !== undefined) {
        const ratio = pairedRatio(ours, halves);
        bars.push(bar(`${what}: float16, times faster than float32`, ratio, '>=', 1.3));
      }
    }
  }
  const tfjs = find('tfjs', device) ?? contenders.find(({ entrant }) => entrant.engine === 'tfjs');
  if (!device.startsWith('tfjs') && ours.peak_bytes !== null && tfjs?.peak_bytes != null) {
    bars.push(bar(`${what}: peak bytes, times those of tfjs`, ours.peak_bytes / tfjs.peak_bytes, '<=', 0.5));
  }
  return bars;
}
