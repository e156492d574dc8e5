import type { Trainer } from '../../domain/runs/ports.ts';
import { dataCalls } from '../../protocol/data.ts';
import { preflightCalls } from '../../protocol/preflight.ts';
import { type Client, connect } from '../../workers/channel.ts';
import { connectTrainer } from '../../workers/trainer-client.ts';

export type PreflightClient = Client<typeof preflightCalls>;
export type DataClient = Pick<Client<typeof dataCalls>, 'call'>;

export function startPreflight(): PreflightClient {
  const worker = new Worker(new URL('../../workers/preflight.worker.ts', import.meta.url), {
    type: 'module',
    name: 'preflight',
  });
  return connect(worker, preflightCalls);
}

/** Started by the first call. */
export function startData(): DataClient {
  let started: Client<typeof dataCalls> | null = null;
  return {
    call(...args) {
      started ??= connect(
        new Worker(new URL('../../workers/data.worker.ts', import.meta.url), {
          type: 'module',
          name: 'data',
        }),
        dataCalls,
      );
      return started.call(...args);
    },
  };
}

/** The worker that owns the device; it is started by the first call, so that a page that trains nothing has none. */
export function startTrainer(): Trainer {
  let started: Trainer | null = null;
  const trainer = (): Trainer => {
    started ??= connectTrainer(
      new Worker(new URL('../../workers/trainer.worker.ts', import.meta.url), {
        type: 'module',
        name: 'trainer',
      }),
    );
    return started;
  };
  return {
    probe: (...args) => trainer().probe(...args),
    prepare: (...args) => trainer().prepare(...args),
    train: (...args) => trainer().train(...args),
    resume: (...args) => trainer().resume(...args),
    command: (...args) => trainer().command(...args),
    sample: (...args) => trainer().sample(...args),
    exportModel: (...args) => trainer().exportModel(...args),
    inspectModel: (...args) => trainer().inspectModel(...args),
  };
}
