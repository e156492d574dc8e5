import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { CloseCode } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

/** What begins a masked frame of 4 MiB. */
function headOfLongFrame(): Buffer {
  const head = Buffer.alloc(14);
  head.set([0x82, 0xff]);
  head.writeBigUInt64BE(4n * 1024n * 1024n, 2);
  return head;
}

test('who sends a frame byte by byte is closed before its pieces take memory, and long to put together', async () => {
  const { url } = await testServer();
  const editor = await join(url, 'notes.md');
  const { _socket: stream } = editor.socket as unknown as { readonly _socket: Socket };
  stream.write(headOfLongFrame());
  let sent = 0;
  while (editor.socket.readyState === editor.socket.OPEN && sent < 30_000) {
    stream.write('x');
    sent++;
    await turn();
  }
  expect(sent).toBeLessThan(30_000);
  expect((await editor.closed).code).toBe(CloseCode.tooManyPieces);
});
