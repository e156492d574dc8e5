import { AnnealError, type ErrorFacts } from '../../base/error.ts';
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import { trainingErrors } from './errors.ts';

/**
 * The checkpoints of a run: two that are written in turn, so that the one before stays while the next is
 * written, and the parameters of the best evaluation.
 */
const LATEST = ['latest-0', 'latest-1'] as const;
/** Holds parameters alone: nothing can be gone on from it. */
export const BEST = 'best';

export interface Found {
  readonly name: string;
  readonly checkpoint: Checkpoint;
}

/**
 * The newest whole checkpoint; what is damaged is skipped and told. One checkpoint at a time is in memory,
 * so the newest may be read twice. Throws ANN-STO errors and ANN-TRN-008.
 */
export async function findLatest(
  store: CheckpointStore,
  run: string,
): Promise<{ readonly found: Found | null; readonly damaged: readonly ErrorFacts[] }> {
  const damaged: ErrorFacts[] = [];
  let held: Found | null = null;
  let newest: { readonly name: string; readonly serial: number } | null = null;
  for (const name of LATEST) {
    held = null; // let go of before the next is read
    const checkpoint = await readSlot(store, run, name, damaged);
    if (checkpoint && (!newest || checkpoint.facts.serial > newest.serial)) {
      newest = { name, serial: checkpoint.facts.serial };
      held = { name, checkpoint };
    }
  }
  if (newest && !held) {
    const checkpoint = await readSlot(store, run, newest.name, damaged);
    if (checkpoint) held = { name: newest.name, checkpoint };
  }
  return { found: held, damaged };
}

async function readSlot(
  store: CheckpointStore,
  run: string,
  name: string,
  damaged: ErrorFacts[],
): Promise<Checkpoint | null> {
  const bytes = await store.get(run, name);
  if (!bytes) return null;
  try {
    return decodeCheckpoint(bytes, name);
  } catch (error) {
    if (!(error instanceof AnnealError) || error.code === trainingErrors.newerFormat.code) throw error;
    damaged.push(error.toJSON());
    return null;
  }
}

/** The parameters of the best evaluation, or null. Throws ANN-TRN-004 where they are damaged. */
export async function findBest(store: CheckpointStore, run: string): Promise<Checkpoint | null> {
  const bytes = await store.get(run, BEST);
  return bytes ? decodeCheckpoint(bytes, BEST) : null;
}

/** For a run that starts anew: what an earlier one of the same name left must not be taken for its own. */
export async function clearCheckpoints(store: CheckpointStore, run: string): Promise<void> {
  for (const name of [...LATEST, BEST]) await store.remove(run, name);
}

/** Writes the slots in turn. `latest` is what `findLatest` found, or null for a new run. */
export class CheckpointSlots {
  readonly #store: CheckpointStore;
  readonly #run: string;
  /** The last one known to be whole. */
  #latest: { readonly name: string; readonly step: number } | null;
  #serial: number;

  constructor(store: CheckpointStore, run: string, latest: Found | null) {
    this.#store = store;
    this.#run = run;
    this.#latest = latest && { name: latest.name, step: latest.checkpoint.facts.progress.step };
    this.#serial = latest?.checkpoint.facts.serial ?? 0;
  }

  get latest(): { readonly name: string; readonly step: number } | null {
    return this.#latest;
  }

  /** The serial number for the next checkpoint. */
  get nextSerial(): number {
    return this.#serial + 1;
  }

  /** Resolves to the slot's name once the bytes are stored. Throws ANN-STO errors; then `latest` is as before. */
  async saveLatest(step: number, bytes: Uint8Array): Promise<string> {
    const name = this.#latest?.name === LATEST[0] ? LATEST[1] : LATEST[0];
    await this.#store.put(this.#run, name, bytes);
    this.#serial++;
    this.#latest = { name, step };
    return name;
  }

  async saveBest(bytes: Uint8Array): Promise<string> {
    await this.#store.put(this.#run, BEST, bytes);
    return BEST;
  }
}
