import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { MAX_SYNC_MESSAGE_BYTES, MessageType, SyncMessageType, TEXT_ROOT } from '../protocol/sync.ts';
import { countingSocket } from './counting-socket.ts';

/** What goes over a socket when this is sent, and how many frames were counted. */
function sent(type: number, update: Uint8Array): { readonly frames: Uint8Array[]; readonly counted: number } {
  const frames: Uint8Array[] = [];
  class Line {
    send(frame: Uint8Array): void {
      frames.push(frame);
    }
  }
  const watch = { syncMessages: 0, holdsUpdates: () => false, onSent: () => undefined };
  const Socket = countingSocket(Line as unknown as typeof WebSocket, watch);
  const frame = encoding.encode((encoder) => {
    for (const number of [MessageType.sync, type]) encoding.writeVarUint(encoder, number);
    encoding.writeVarUint8Array(encoder, update);
  });
  new Socket('').send(frame as Uint8Array<ArrayBuffer>);
  return { frames, counted: watch.syncMessages };
}

test.each(['step2', 'update'] as const)('all parts of a long %s are one, and each is counted', (kind) => {
  const doc = new Y.Doc();
  doc.getText(TEXT_ROOT).insert(0, 'x'.repeat(MAX_SYNC_MESSAGE_BYTES));
  const { frames, counted } = sent(SyncMessageType[kind], Y.encodeStateAsUpdate(doc));
  expect(frames.length).toBeGreaterThan(3);
  expect(counted).toBe(frames.length);
  for (const frame of frames) expect([...frame.subarray(0, 2)]).toEqual([0, SyncMessageType[kind]]);
});
