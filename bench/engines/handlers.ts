import type { Entrant, Handlers } from '../contest/calls.ts';
import type { Workload } from '../workload/workload.ts';
import type { Engine, Environment, StepRunner } from './engine.ts';
import { probeCeilings } from './probe.ts';

/** One engine's side of a contest. Only the engine that is asked for is loaded. */
export function engineHandlers(environment: Environment): Handlers {
  let runner: StepRunner | null = null;
  let index = 0;
  const opened = (): StepRunner => {
    if (runner === null) throw new Error('No step has been opened.');
    return runner;
  };
  return {
    async open_step({ entrant, workload }: { entrant: Entrant; workload: Workload }) {
      runner = await (await load(entrant, environment)).openStep(entrant.device, workload, environment);
      index = 0;
      return { description: runner.description, launches: runner.launches };
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
    profile: async () => (await opened().profile?.(index++)) ?? null,
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
