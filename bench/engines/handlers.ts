import type { Entrant, Handlers } from '../contest/calls.ts';
import type { Workload } from '../workload/workload.ts';
import type { DecodeRunner } from './anneal/decode.ts';
import type { Engine, Environment, StepRunner } from './engine.ts';
import { countGpuCalls } from './gpu-calls.ts';
import { probeCeilings } from './probe.ts';

/** One engine's side of a contest. Only the engine that is asked for is loaded. */
export function engineHandlers(environment: Environment): Handlers {
  let runner: StepRunner | null = null;
  let decoder: DecodeRunner | null = null;
  let index = 0;
  const opened = (): StepRunner => {
    if (runner === null) throw new Error('No step has been opened.');
    return runner;
  };
  return {
    async open_step({ entrant, workload }: { entrant: Entrant; workload: Workload }) {
      runner = await (await load(entrant, environment)).openStep(entrant.device, workload, environment);
      index = 0;
      return { description: runner.description };
    },
    async run_steps({ count }) {
      const ms: number[] = [];
      const losses: number[] = [];
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        losses.push(await opened().step(index++));
        ms.push(performance.now() - start);
      }
      return { ms, losses };
    },
    peak_bytes: () => opened().peakBytes(index++),
    async gpu_calls() {
      const calls = await countGpuCalls(() => opened().step(index++));
      return calls === null || calls.dispatches === 0 ? null : calls;
    },
    profile: async () => (await opened().profile?.(index++)) ?? null,
    async open_decode(task) {
      const { openDecode } = await import('./anneal/decode.ts');
      decoder = await openDecode(task.entrant.device, task, environment);
      return { description: decoder.description };
    },
    async run_decode({ count }) {
      const ms: number[] = [];
      for (let i = 0; i < count; i++) {
        const start = performance.now();
        await decoder?.next();
        ms.push(performance.now() - start);
      }
      return { ms };
    },
    async evaluate_recipe(task) {
      const { evaluateRecipe } = await import('./anneal/recipe.ts');
      return evaluateRecipe(task.entrant.device, task, environment);
    },
    async train_recipe(task) {
      const { trainRecipe } = await import('./anneal/recipe.ts');
      return trainRecipe(task.entrant.device, task, environment);
    },
    async ceilings({ entrant }) {
      const { openDevice } = await import('./anneal/engine.ts');
      return (await (await openDevice(entrant.device, environment)).ceilings?.()) ?? null;
    },
    probe: ({ device }) => probeCeilings(device, environment),
    matmul: async (task) =>
      (await load(task.entrant, environment)).matmul(task.entrant.device, task, environment),
  };
}

async function load({ engine }: Entrant, environment: Environment): Promise<Engine> {
  switch (engine) {
    case 'anneal':
      return import('./anneal/engine.ts');
    case 'jax':
      await environment.prepareThreads(); // it looks for them while it is loaded
      return import('./jax/engine.ts');
    case 'tfjs':
      return import('./tfjs/engine.ts');
    case 'nanogpt':
      return import('./nanogpt/engine.ts');
    case 'pytorch':
      throw new Error('PyTorch runs in Python.');
  }
}
