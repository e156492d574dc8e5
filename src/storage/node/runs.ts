import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runErrors } from '../../domain/runs/errors.ts';
import { type RunId, runIdSchema, storedEventSchema } from '../../domain/runs/events.ts';
import type { RunStore } from '../../domain/runs/ports.ts';
import { type Run, reduce, replay } from '../../domain/runs/run.ts';
import { toStorageError } from '../errors.ts';
import { selectRuns } from '../select-runs.ts';
import { isMissing, jsonLines } from './json-lines.ts';

/**
 * Runs as files: `<folder>/<run>/events.jsonl`. The log is the truth and the run is replayed from it.
 * One process at a time writes a run, which its lock sees to.
 */
export function createNodeRunStore(folder: string): RunStore {
  const listeners = new Set<() => void>();
  const known = new Map<RunId, { readonly log: ReturnType<typeof jsonLines>; run: Run | null }>();
  let last: Promise<unknown> = Promise.resolve();

  const open = async (id: RunId) => {
    const opened = known.get(id);
    if (opened !== undefined) return opened;
    const log = jsonLines(join(folder, id, 'events.jsonl'));
    const entry = { log, run: replay(id, await parsed(id, log)) };
    known.set(id, entry);
    return entry;
  };
  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  return {
    append(id, event, at) {
      const work = last.then(async () => {
        const entry = await open(id);
        if (entry.run === null && event.type !== 'created') throw runErrors.unknownRun({ where: id });
        const next = reduce(entry.run, id, event, at);
        if (!next.ok) throw next.error;
        await entry.log.append([{ seq: next.value.events - 1, at, event }]);
        entry.run = next.value;
        changed();
        return next.value;
      });
      last = work.catch(() => undefined);
      return work;
    },
    get: async (id) => (await open(id)).run,
    async list(filter) {
      const runs: Run[] = [];
      for (const name of await names(folder)) {
        const id = runIdSchema.safeParse(name);
        const run = id.success ? (await open(id.data)).run : null;
        if (run !== null) runs.push(run);
      }
      return selectRuns(runs, filter);
    },
    async events(id, after = -1) {
      return (await parsed(id, (await open(id)).log)).filter(({ seq }) => seq > after);
    },
    async purge(id) {
      await rm(join(folder, id), { recursive: true, force: true }).catch((thrown) => {
        throw toStorageError(thrown);
      });
      known.delete(id);
      changed();
    },
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

async function parsed(id: RunId, log: ReturnType<typeof jsonLines>) {
  return (await log.read()).map((line, i) => {
    const event = storedEventSchema.safeParse(line);
    if (!event.success) throw runErrors.badRecord({ where: `${id}, event ${i}`, cause: event.error });
    return event.data;
  });
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw toStorageError(thrown);
  }
}
