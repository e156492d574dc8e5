import { serverErrors } from '../errors.ts';
import { DIRECT_MS, type News, newsOf, structsOf, worstMs } from './cost.ts';
import { isAllNew, newClocks } from './new-clocks.ts';
import { fits } from './outgrown.ts';
import { portions } from './portions.ts';
import type { RoomChanges } from './room-changes.ts';
import type { RoomCore, RoomPeer } from './room-parts.ts';
import { ANEW, type RoomRenewal } from './room-renewal.ts';
import { type Scan, scanUpdate } from './scan-update.ts';
import type { Slices } from './slices.ts';
import {
  checkGeneration,
  checkRotation,
  inOrder,
  MissingParts,
  withoutGaps,
  withoutUnknownDeletions,
} from './update-checks.ts';
import { Writers } from './writers.ts';

export interface Received {
  readonly durable: Promise<void>;
}

/** What is still to be taken in of a large update: there must be room for it. */
interface Coming {
  bytes: number;
  structs: number;
}

/** What a room takes in from strangers: looked at before Yjs sees it, and tried elsewhere where it is large. */
export class RoomIntake {
  readonly #core: RoomCore;
  readonly #changes: RoomChanges;
  readonly #renewal: RoomRenewal;
  readonly #coming = new Set<Coming>();
  readonly #writers: Writers;

  constructor(core: RoomCore, changes: RoomChanges, renewal: RoomRenewal) {
    this.#core = core;
    this.#changes = changes;
    this.#renewal = renewal;
    this.#writers = new Writers(core.peers, core.awareness, core.parts.shared !== null);
  }

  /** See Room.receive. */
  receive(
    update: Uint8Array,
    from: RoomPeer,
    check: () => void,
    isAnswer: boolean,
  ): Received | Promise<Received> {
    const { document, name, log, parts: around } = this.#core;
    const { doc, kind } = document;
    const scanned = scanUpdate(update, kind);
    if (!scanned.ok) throw scanned.error;
    const scan = scanned.value;
    checkGeneration(scan, doc, document.retired);
    let placed = withoutUnknownDeletions(update, scan, doc, isAnswer);
    if (placed === update) placed = withoutGaps(update, scan, kind, doc, isAnswer);
    if (placed !== update) return this.receive(placed, from, check, isAnswer);
    checkRotation(scan, doc);
    const news = newsOf(scan, doc);
    if (news.structs + news.deletes === 0) return { durable: log.durable };
    const clients = newClocks(scan, doc);
    this.#writers.check(clients, from);
    if (news.structs > 0) this.#checkSize(update, news); // what only deletes is the way out of a full document
    const parts = news.structs + news.deletes;
    if (parts > around.limits.trialParts || worstMs(parts, structsOf(doc)) > DIRECT_MS)
      return this.#receiveLarge(update, parts, from, check);
    const tell = scan.carriageReturn ? null : from;
    if (scan.ranges.size > 1) inOrder(update, kind, doc);
    check();
    const writer = around.writerOf(name, from, update);
    const durable = isAllNew(scan, doc)
      ? this.#changes.passOn(update, scan, tell, writer)
      : this.#changes.make(() => document.apply(update, scan.carriageReturn), tell, writer);
    document.learnRetired();
    this.#writers.wrote(clients, from);
    around.onEdited(name, from, clients, () => this.#core.awareness.saidBy(from));
    return { durable };
  }

  /**
   * Tried elsewhere first, then taken in by portions; the others have their turns in between. What is known of the
   * update takes more room than the update: none of it is kept while it waits for its turn.
   */
  async #receiveLarge(
    update: Uint8Array,
    parts: number,
    from: RoomPeer,
    check: () => void,
  ): Promise<Received> {
    const { document, parts: around } = this.#core;
    await around.trial.run(from, parts, () => {
      check();
      return { state: document.encode(), update };
    });
    check();
    const began = performance.now();
    const { scan, news } = this.#lookAgain(update);
    if (news.structs + news.deletes === 0) return { durable: this.#core.log.durable };
    const slices = inOrder(update, document.kind, document.doc);
    from.spend({ ms: performance.now() - began });
    const coming = { bytes: update.length, structs: news.structs };
    this.#coming.add(coming);
    try {
      return await this.#takePortions(slices, scan, coming, from, check);
    } finally {
      this.#coming.delete(coming);
    }
  }

  /** All that may have changed while an update waited. */
  #lookAgain(update: Uint8Array): { readonly scan: Scan; readonly news: News } {
    const { document } = this.#core;
    const { doc } = document;
    const scanned = scanUpdate(update, document.kind);
    if (!scanned.ok) throw scanned.error;
    const scan = scanned.value;
    checkGeneration(scan, doc, document.retired);
    checkRotation(scan, doc);
    const news = newsOf(scan, doc);
    if (news.structs > 0) this.#checkSize(update, news);
    return { scan, news };
  }

  async #takePortions(
    slices: Slices,
    scan: Scan,
    coming: Coming,
    from: RoomPeer,
    check: () => void,
  ): Promise<Received> {
    const { awareness, document, name, parts: around } = this.#core;
    const { doc } = document;
    const clients = newClocks(scan, doc);
    const durable: Promise<void>[] = [];
    const take = (part: Uint8Array): void => {
      check();
      const began = performance.now();
      checkGeneration(scan, doc, document.retired); // others have had their turns
      checkRotation(scan, doc);
      const before = structsOf(doc);
      const writer = around.writerOf(name, from, part);
      const tell = scan.carriageReturn ? null : from;
      const apply = (): void => document.apply(part, scan.carriageReturn);
      const written = this.#changes.make(apply, tell, writer);
      written.catch(() => undefined); // heard of below
      document.learnRetired();
      durable.push(written);
      coming.bytes = Math.max(0, coming.bytes - part.length);
      coming.structs = Math.max(0, coming.structs - (structsOf(doc) - before));
      from.spend({ ms: performance.now() - began });
    };
    await around.turns.run(portions(slices, doc, take));
    this.#writers.wrote(clients, from);
    around.onEdited(name, from, clients, () => awareness.saidBy(from));
    return { durable: Promise.all(durable).then(() => undefined) };
  }

  #checkSize(update: Uint8Array, news: News): void {
    const { document, log, parts: around } = this.#core;
    const { limits } = around;
    if (log.stateBytes + update.length > limits.documentBytes) log.measure();
    let bytes = log.stateBytes + update.length;
    let structs = structsOf(document.doc) + news.structs;
    for (const coming of this.#coming) {
      bytes += coming.bytes;
      structs += coming.structs;
    }
    const clients = document.doc.store.clients.size + news.clients;
    if (fits({ bytes, structs, clients }, limits)) return;
    if (this.#renewal.isPossible) {
      void this.#renewal.begin('full');
      throw new MissingParts(ANEW);
    }
    throw serverErrors.documentTooLarge({ data: { bytes, structs, clients } });
  }
}
