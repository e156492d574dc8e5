import type { Trainer } from '../domain/runs/ports.ts';
import { trainerCalls } from '../protocol/trainer.ts';
import { connect, type Endpoint } from './channel.ts';

/** The trainer that lives in a worker, as the port that services take. */
export function connectTrainer(worker: Endpoint): Trainer & { close(): void } {
  const client = connect(worker, trainerCalls);
  const abortable = (signal: Parameters<Trainer['sample']>[2]) =>
    signal === undefined ? {} : { signal: signal as AbortSignal };
  return {
    probe: (choice) => client.call('probe', choice),
    prepare: (request, onProgress, signal) =>
      client.call('prepare', request, { onEvent: onProgress, ...abortable(signal) }),
    train: (request, onProgress) => client.call('train', request, { onEvent: onProgress }),
    resume: (request, onProgress) => client.call('resume', request, { onEvent: onProgress }),
    command: async (run, command) => void (await client.call('command', { run, command })),
    sample: (request, onEvent, signal) => client.call('sample', request, { onEvent, ...abortable(signal) }),
    exportModel: (run) => client.call('exportModel', run),
    inspectModel: (files) => client.call('inspectModel', files),
    close: () => client.close(),
  };
}
