import type { Abort } from '../../domain/artifacts/ports.ts';
import type { Trainer } from '../../domain/runs/ports.ts';
import type { CheckedInputOf, EventOf, OutputOf } from '../../protocol/calls.ts';
import type { TrainerCalls } from '../../protocol/trainer.ts';

/** Answers the trainer's calls (src/protocol/trainer.ts) with a trainer. */
export function trainerHandlers(trainer: Trainer): {
  readonly [K in keyof TrainerCalls]: (
    input: CheckedInputOf<TrainerCalls[K]>,
    context: {
      readonly signal: Abort;
      emit(event: EventOf<TrainerCalls[K]>): void;
      transfer(...buffers: ArrayBuffer[]): void;
    },
  ) => Promise<OutputOf<TrainerCalls[K]>>;
} {
  return {
    probe: (choice) => trainer.probe(choice),
    prepare: (request, { emit, signal }) => trainer.prepare(request, emit, signal),
    train: (request, { emit }) => trainer.train(request, emit),
    resume: (request, { emit }) => trainer.resume(request, emit),
    async command({ run, command }) {
      await trainer.command(run, command);
      return null;
    },
    sample: (request, { emit, signal }) => trainer.sample(request, emit, signal),
    async exportModel(run, { transfer }) {
      const files = await trainer.exportModel(run);
      transfer(...new Set(files.map(({ bytes }) => bytes.buffer)));
      return files;
    },
    inspectModel: (files) => trainer.inspectModel(files),
  };
}
