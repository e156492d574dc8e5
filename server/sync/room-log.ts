import { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import { newGeneration, type StoredDocument } from '../store/requests/documents.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName, Writer } from '../store/write.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMetrics } from './metrics.ts';

/** A room spends at most one part in so many of its time on compacting. */
const COMPACTING_SHARE = 50;
/** A shorter log is left as it is when the room is left: most are opened and only read. */
const SHORT_LOG = 50;

export interface RoomLogParts {
  readonly name: DocumentName;
  readonly store: Store;
  readonly limits: Pick<SyncLimits, 'logUpdates' | 'logBytes'>;
  readonly metrics: SyncMetrics;
  /** Where other servers write to the same log: every loaded document holds all of its rows up to this one. */
  readonly seenOfOthers: (() => number) | null;
  /** The whole state of the document as it is now. */
  readonly encode: () => Uint8Array;
  /** Something is on its way to the disk; then, in the same number: it is there, or it is not. */
  readonly onWrite: () => void;
  readonly onSettled: () => void;
  readonly onFailed: (error: AnnealError) => void;
}

/** What a room writes: rows of the log, and now and then a snapshot in their place. */
export class RoomLog {
  readonly #parts: RoomLogParts;
  #durable: Promise<void> = Promise.resolve();
  /** The document holds every row of its log up to this one. */
  #seq = 0;
  #updates = 0;
  #bytes = 0;
  #stateBytes = 0;
  #compactAfter = 0;
  /** Which life of the document this is. Where there was none yet, the one that the first write makes. */
  #generation = newGeneration();
  #creates = false;

  constructor(parts: RoomLogParts) {
    this.#parts = parts;
  }

  /** Resolves when all that the document holds now is on disk. */
  get durable(): Promise<void> {
    return this.#durable;
  }

  /** About how long the state is, encoded: at most as long as the snapshot and the log. */
  get stateBytes(): number {
    return this.#stateBytes;
  }

  get isLong(): boolean {
    return this.#updates > SHORT_LOG;
  }

  loaded({ snapshot, updates, seq, generation }: StoredDocument): void {
    this.#generation = generation ?? this.#generation;
    this.#creates = generation === null;
    this.#seq = seq;
    this.#updates = updates.length;
    this.#bytes = updates.reduce((sum, update) => sum + update.length, 0);
    this.#stateBytes = (snapshot?.length ?? 0) + this.#bytes;
  }

  get generation(): number {
    return this.#generation;
  }

  /** Whether what another server wrote is of this life of the document; what never was written takes up its. */
  isOf(generation: number): boolean {
    if (this.#creates) this.#generation = generation;
    this.#creates = false;
    return this.#generation === generation;
  }

  /** Another server wrote this. */
  adopted(bytes: number): void {
    this.#stateBytes += bytes;
  }

  /** Resolves when these and all before them are on disk; `writer` is what commits them. */
  append(updates: readonly Uint8Array[], writer: Writer = this.#parts.store): Promise<void> {
    if (updates.length === 0) return this.#durable;
    const { name, limits, metrics, seenOfOthers, onWrite, onSettled, onFailed } = this.#parts;
    const before = this.#durable;
    const began = performance.now();
    onWrite();
    const life = { ...name, generation: this.#generation, creates: this.#creates };
    this.#creates = false; // should it be removed in between, it does not come back half
    const appended = writer.write(...updates.map((data) => ({ kind: 'append', ...life, data }) as const));
    const durable = Promise.all([before, appended]).then(([, { lsn }]) => {
      // Among the rows before it may be another server's, which this one has not heard of yet.
      if (seenOfOthers === null) this.#seq = Math.max(this.#seq, lsn);
    });
    this.#durable = durable;
    durable.then(() => {
      metrics.durable((performance.now() - began) / 1000);
      onSettled();
    }, onFailed);
    for (const { length } of updates) {
      this.#updates++;
      this.#bytes += length;
      this.#stateBytes += length;
    }
    const isFull = this.#updates > limits.logUpdates || this.#bytes > limits.logBytes;
    if (isFull && performance.now() >= this.#compactAfter) this.compact();
    return durable;
  }

  /** Rows that are on their way to the disk stay in the log beside a state that holds them too: that is harmless. */
  compact(): void {
    const began = performance.now();
    const state = this.measure();
    this.#compactAfter = performance.now() + COMPACTING_SHARE * (performance.now() - began);
    this.#updates = 0;
    this.#bytes = 0;
    this.#parts.onWrite();
    this.#replace(state, this.upto).then(this.#parts.onSettled, (error: unknown) => {
      const isReplaced = error instanceof AnnealError && error.code === serverErrors.documentReplaced.code;
      // Another snapshot that fails costs nothing: the log is still there.
      if (isReplaced) this.#parts.onFailed(error);
      else this.#parts.onSettled();
    });
  }

  /** Encodes the state, so that its length is known. */
  measure(): Uint8Array {
    const state = this.#parts.encode();
    this.#stateBytes = state.length;
    return state;
  }

  /**
   * The document begins anew with this state, in the place of what it held up to a row: where more is on disk by then,
   * the store refuses.
   */
  rotate(data: Uint8Array, upto: number, writer: Writer): Promise<unknown> {
    const life = { ...this.#parts.name, generation: this.#generation, next: newGeneration() };
    return writer.write({ kind: 'rotate', ...life, data, upto });
  }

  /** Puts a state in the place of all that is on disk now. */
  async #replace(state: Uint8Array, upto: number): Promise<void> {
    const { name, store } = this.#parts;
    // What is asked of the store overtakes what waits for its commit: the document may not be there yet, nor what
    // is committed beside a row that the state holds.
    await this.#durable;
    await store.call('compact', { ...name, generation: this.#generation, state, upto });
  }

  /** The document holds every row up to this one. */
  get upto(): number {
    return Math.max(this.#seq, this.#parts.seenOfOthers?.() ?? 0);
  }
}
