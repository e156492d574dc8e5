import { MessageType, SyncMessageType } from '../protocol/sync.ts';

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
      super.send(data);
      if (frame !== SyncMessageType.update && frame !== SyncMessageType.step2) return;
      watch.syncMessages += 1;
      watch.onSent();
    }
  };
}
