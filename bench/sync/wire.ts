import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { ACK_SUBPROTOCOL, MessageType, SyncMessageType, syncPath } from '../../src/protocol/sync.ts';

export const engineNames = ['anneal', 'hocuspocus'] as const;
export type EngineName = (typeof engineNames)[number];

/** What a client hears. */
export interface Ears {
  /** The server asks for what it has not. */
  asked(): void;
  /** Everything that the server has is here. */
  synced(): void;
  update(frame: Uint8Array): void;
  /** The first so many content frames of this socket are acknowledged. */
  acknowledged(count: number): void;
}

/** How an engine's frames are written and read; the payloads are y-protocols' in both. */
export interface Wire {
  readonly path: string;
  readonly protocol: string | null;
  /** Sent as soon as the socket is open. */
  readonly hello: readonly Uint8Array[];
  content(type: typeof SyncMessageType.step2 | typeof SyncMessageType.update, update: Uint8Array): Uint8Array;
  hear(frame: Uint8Array, ears: Ears): void;
}

const EMPTY_STATE_VECTOR = Uint8Array.of(0);

export function createWire(engine: EngineName, document: string): Wire {
  return engine === 'anneal' ? annealWire(document) : hocuspocusWire(document);
}

function annealWire(document: string): Wire {
  const sync = (type: number, payload: Uint8Array): Uint8Array =>
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, MessageType.sync);
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, payload);
    });
  return {
    path: syncPath('sample', document),
    protocol: ACK_SUBPROTOCOL,
    hello: [sync(SyncMessageType.step1, EMPTY_STATE_VECTOR)],
    content: sync,
    hear(frame, ears) {
      const decoder = decoding.createDecoder(frame);
      const type = decoding.readVarUint(decoder);
      if (type === MessageType.sync) hearSync(decoding.readVarUint(decoder), frame, ears);
      if (type !== MessageType.durable) return;
      decoding.readVarUint(decoder); // epoch
      decoding.readVarUint(decoder); // lsn
      ears.acknowledged(decoding.readVarUint(decoder));
    },
  };
}

/** Hocuspocus' own: the document's name comes first, then message types of its own beside those of y-protocols. */
const Hocuspocus = { sync: 0, auth: 2, syncReply: 4, syncStatus: 8 } as const;

function hocuspocusWire(document: string): Wire {
  const message = (type: number, write: (encoder: encoding.Encoder) => void): Uint8Array =>
    encoding.encode((encoder) => {
      encoding.writeVarString(encoder, document);
      encoding.writeVarUint(encoder, type);
      write(encoder);
    });
  const sync = (type: number, payload: Uint8Array): Uint8Array =>
    message(Hocuspocus.sync, (encoder) => {
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, payload);
    });
  const signIn = message(Hocuspocus.auth, (encoder) => {
    encoding.writeVarUint(encoder, 0); // here comes a token
    encoding.writeVarString(encoder, '');
    encoding.writeVarString(encoder, '4.8.0');
  });
  let acknowledged = 0;
  return {
    path: '/',
    protocol: null,
    hello: [signIn, sync(SyncMessageType.step1, EMPTY_STATE_VECTOR)], // as its provider does
    content: sync,
    hear(frame, ears) {
      const decoder = decoding.createDecoder(frame);
      decoding.readVarUint8Array(decoder); // the name
      const type = decoding.readVarUint(decoder);
      if (type === Hocuspocus.sync || type === Hocuspocus.syncReply)
        hearSync(decoding.readVarUint(decoder), frame, ears);
      if (type === Hocuspocus.syncStatus) ears.acknowledged(++acknowledged);
    },
  };
}

function hearSync(type: number, frame: Uint8Array, ears: Ears): void {
  if (type === SyncMessageType.step1) ears.asked();
  else if (type === SyncMessageType.step2) ears.synced();
  else ears.update(frame);
}
