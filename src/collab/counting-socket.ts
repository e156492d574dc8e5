import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { MAX_SYNC_MESSAGE_BYTES, MessageType, SyncMessageType } from '../protocol/sync.ts';
import { cutUpdate } from './cut-update.ts';

/** Watches what a socket sends: the server acknowledges by count (src/protocol/sync.ts). */
export interface SendWatch {
  /** How many sync messages that carry content (step 2, update) went over the current socket. */
  syncMessages: number;
  /** Updates are dropped while this says so: the step 2 that is to come carries them. */
  holdsUpdates(): boolean;
  onSent(): void;
}

/** Both numbers of a frame's head are varUints below 128, so they are its first two bytes. */
export function countingSocket(Base: typeof WebSocket, watch: SendWatch): typeof WebSocket {
  return class extends Base {
    override send(data: string | BufferSource | Blob): void {
      const frame = data instanceof Uint8Array && data[0] === MessageType.sync ? data[1] : undefined;
      if (frame === SyncMessageType.update && watch.holdsUpdates()) return;
      if (frame !== SyncMessageType.update && frame !== SyncMessageType.step2) {
        super.send(data);
        return;
      }
      const frames = cut(data as Uint8Array<ArrayBuffer>, frame);
      for (const one of frames) super.send(one);
      watch.syncMessages += frames.length;
      watch.onSent();
    }
  };
}

/** Others have their turns between the parts of a long message. */
const PART_BYTES = MAX_SYNC_MESSAGE_BYTES / 4;

/**
 * What is longer than the server takes, as parts that are not. All parts of a step 2 are one: only there may be
 * deletions of what the server has not, and which of them the last part holds is chance.
 */
function cut(frame: Uint8Array<ArrayBuffer>, type: number): readonly Uint8Array<ArrayBuffer>[] {
  if (frame.length <= MAX_SYNC_MESSAGE_BYTES) return [frame];
  const parts = cutUpdate(decoding.readVarUint8Array(decoding.createDecoder(frame.subarray(2))), PART_BYTES);
  return parts.map((part) =>
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, MessageType.sync);
      encoding.writeVarUint(encoder, type);
      encoding.writeVarUint8Array(encoder, part);
    }),
  );
}
