import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import { Random } from '../../src/base/random.ts';
import {
  CloseCode,
  MessageType,
  PROJECT_DOCUMENT,
  SyncMessageType,
  syncPath,
} from '../../src/protocol/sync.ts';
import { join } from '../testing/join.ts';
import { serverProcess } from '../testing/server-process.ts';

const CASES = 10_000;
const AT_ONCE = 12;
const PATHS = ['notes.md', 'other.md', PROJECT_DOCUMENT, '.project/review/notes.md'];

/** What an honest editor would send, now and then changed, cut, or followed by more. */
function frame(random: Random): Uint8Array {
  const honest = random.pick([typed, entered, stepped, stated, asked])(random);
  const how = random.below(5);
  if (how === 0) return Uint8Array.from({ length: random.below(300) }, () => random.below(256));
  if (how === 1) return honest.subarray(0, random.below(honest.length + 1));
  const copy = Uint8Array.from(honest);
  if (how < 4) for (let i = random.below(4); i >= 0; i--) copy[random.below(copy.length)] = random.below(256);
  return how === 3 ? Buffer.concat([copy, copy.subarray(0, random.below(20))]) : copy;
}

function syncFrame(type: number, payload: Uint8Array): Uint8Array {
  return encoding.encode((out) => {
    encoding.writeVarUint(out, MessageType.sync);
    encoding.writeVarUint(out, type);
    encoding.writeVarUint8Array(out, payload);
  });
}

const typed = (random: Random): Uint8Array => {
  const doc = new Y.Doc();
  for (let i = random.below(5); i >= 0; i--)
    doc.getText('content').insert(0, 'word'.repeat(1 + random.below(5)));
  doc.getText('content').delete(0, random.below(3));
  return syncFrame(random.pick([SyncMessageType.step2, SyncMessageType.update]), Y.encodeStateAsUpdate(doc));
};
const entered = (random: Random): Uint8Array => {
  const doc = new Y.Doc();
  doc.getMap('files').set(`${random.below(9)}.md`, { kind: 'text', created: random.uint32() });
  return syncFrame(SyncMessageType.update, Y.encodeStateAsUpdate(doc));
};
const stepped = (random: Random): Uint8Array =>
  syncFrame(SyncMessageType.step1, Y.encodeStateVector(new Map([[random.uint32(), random.below(100)]])));
const stated = (random: Random): Uint8Array =>
  encoding.encode((out) => {
    encoding.writeVarUint(out, MessageType.awareness);
    encoding.writeVarUint8Array(
      out,
      encoding.encode((entry) => {
        encoding.writeVarUint(entry, 1);
        encoding.writeVarUint(entry, random.uint32());
        encoding.writeVarUint(entry, random.below(1000));
        encoding.writeVarString(
          entry,
          JSON.stringify({ user: { name: 'Ada', color: '#112233' }, cursor: 1 }),
        );
      }),
    );
  });
const asked = (random: Random): Uint8Array => Uint8Array.of(random.below(128));

test(`${CASES} frames of bad input: every socket is closed with a code that says why, and the server lives`, {
  timeout: 180_000,
}, async () => {
  const seed = Date.now() % 2 ** 31;
  console.info(`fuzz: seed ${seed}`);
  const random = new Random(seed);
  const server = await serverProcess();
  const known = new Set<number>(Object.values(CloseCode));
  const codes = new Map<number, number>();
  let left = CASES;
  const attack = async (): Promise<void> => {
    while (left > 0) {
      const address = syncPath('sample', random.pick(PATHS));
      const socket = new WebSocket(`${server.url.replace(/^http/, 'ws')}${address}`);
      socket.on('error', () => undefined);
      const closed = new Promise<number>((resolve) => socket.on('close', resolve));
      const opened = new Promise<void>((resolve) => socket.on('open', () => resolve()));
      await Promise.race([opened, closed]);
      for (let i = 1 + random.below(20); i > 0 && socket.readyState === WebSocket.OPEN; i--) {
        left--;
        const taken = new Promise<void>((resolve) => socket.send(frame(random), () => resolve()));
        await Promise.race([taken, closed]);
      }
      // What was sent has been read when this is answered, or the socket is closed for it.
      const answered = new Promise<null>((resolve) => {
        socket.on('message', (data: Buffer) => void (isAnswer(data) && resolve(null)));
      });
      if (socket.readyState === WebSocket.OPEN)
        socket.send(syncFrame(SyncMessageType.step1, Uint8Array.of(0)));
      const code = await Promise.race([answered, closed]);
      socket.terminate();
      if (code === null) continue;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      expect(known, `closed with ${code}`).toContain(code);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, attack));
  console.info(`fuzz: closed ${JSON.stringify([...codes])}`);
  expect(server.process.exitCode).toBeNull();
  expect((await fetch(`${server.url}/ready`)).status).toBe(200);
  const [ada, bob] = await Promise.all([join(server.url, 'third.md'), join(server.url, 'third.md')]);
  ada.text.insert(0, 'alive');
  await bob.untilText('alive');
});

function isAnswer(data: Buffer): boolean {
  return data[0] === MessageType.sync && data[1] === SyncMessageType.step2;
}
