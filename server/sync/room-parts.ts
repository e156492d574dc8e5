import type { Store } from '../store/store.ts';
import type { DocumentName, Writer } from '../store/write.ts';
import type { AwarenessPeer, RoomAwareness, SaidPerson } from './awareness.ts';
import type { CatchUp } from './catch-up.ts';
import type { CloseCodeValue } from './close-code.ts';
import type { Fanout } from './fanout.ts';
import type { Guest } from './guest.ts';
import type { Taken } from './holds.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMetrics } from './metrics.ts';
import type { RoomDocument } from './room-document.ts';
import type { RoomLife } from './room-life.ts';
import type { RoomLink } from './room-link.ts';
import type { RoomLog } from './room-log.ts';
import type { Follower } from './rotation.ts';
import type { Payer } from './share.ts';
import type { Trial } from './trial.ts';
import type { Turns } from './turns.ts';

/** What a room needs from around it. */

/** A socket, as the room sees it. */
export interface RoomPeer extends AwarenessPeer, Payer {
  readonly guest: Guest;
  /** Ends the connection; the peer leaves the room at once. */
  close(code: CloseCodeValue, reason: string): void;
}

/**
 * Called for what came from a socket and was applied; `clients` are the Yjs clients that it is written as, and the
 * clock from which on it is new, `says` tells who the socket's editor says it is.
 */
export type OnEdited = (
  name: DocumentName,
  from: RoomPeer,
  clients: ReadonlyMap<number, number>,
  says: () => SaidPerson | null,
) => void;

/** Answers with what commits an update of somebody's, where something else belongs into the same commit. */
export type WriterOf = (name: DocumentName, from: RoomPeer, update: Uint8Array) => Writer | undefined;

/** Called when a text begins anew (rotation.ts): gives `rotate` what refers to the text, and holds that meanwhile. */
export type OnRotate = (name: DocumentName, rotate: (follower: Follower) => Promise<void>) => Promise<void>;

/** What a room needs where other servers may have the same document in memory. */
export interface SharedParts {
  readonly fanout: Fanout;
  readonly catchUp: Pick<CatchUp, 'seen' | 'look'>;
  /** Has all other servers let go of the document until it is released. */
  readonly take: (name: DocumentName, reason: string, isWanted: () => boolean) => Promise<Taken>;
}

export interface RoomParts {
  readonly store: Store;
  readonly trial: Trial;
  readonly turns: Turns;
  readonly limits: SyncLimits;
  /** Called when somebody first writes into a text: the project's list must have it. */
  readonly onFirstText: (name: DocumentName) => void;
  readonly onEdited: OnEdited;
  readonly writerOf: WriterOf;
  readonly onRotate: OnRotate;
  readonly metrics: SyncMetrics;
  /** Where other servers write to the same database. */
  readonly shared: SharedParts | null;
  readonly onClosed: () => void;
}

/** What the pieces of one room share. */
export interface RoomCore {
  readonly name: DocumentName;
  readonly parts: RoomParts;
  readonly document: RoomDocument;
  readonly life: RoomLife;
  readonly log: RoomLog;
  readonly peers: Set<RoomPeer>;
  readonly awareness: RoomAwareness;
  /** To the same room on other servers. */
  readonly link: RoomLink | null;
}
