import { expect, test } from 'vitest';
import { MessageType } from '../../src/protocol/sync.ts';
import { type AwarenessPeer, RoomAwareness } from './awareness.ts';
import { Cursor } from './cursor.ts';
import { type AwarenessEntry, awarenessFrame } from './frames.ts';
import { localGuest } from './guest.ts';

/** Entries of a frame, as `client state`. */
function entriesOf(frame: Uint8Array): { readonly payload: Uint8Array; readonly entries: AwarenessEntry[] } {
  const outer = new Cursor(frame);
  expect(outer.varUint()).toBe(MessageType.awareness);
  const payload = outer.varBytes();
  const cursor = new Cursor(payload);
  const entries = Array.from({ length: cursor.varUint() }, () => ({
    client: cursor.varUint(),
    clock: cursor.varUint(),
    state: cursor.varString(),
  }));
  return { payload, entries };
}

/** One server's room, with the sockets in it; what it tells is given to the other one. */
class Side {
  readonly peers = new Set<AwarenessPeer>();
  readonly awareness: RoomAwareness;
  other: Side | null = null;

  constructor() {
    this.awareness = new RoomAwareness(this.peers, 0, (frame) => this.other?.hear(frame));
  }

  hear(frame: Uint8Array): void {
    this.awareness.hear(entriesOf(frame).payload);
  }

  /** Somebody comes and says who he is; answers with what he is told from then on, the last state of each. */
  join(client: number, state: object | null, clock = 1) {
    const told = new Map<number, string>();
    const peer: AwarenessPeer = {
      guest: localGuest,
      probe: () => undefined,
      send: (frame) => {
        for (const entry of entriesOf(frame).entries) told.set(entry.client, entry.state);
      },
    };
    this.peers.add(peer);
    if (state !== null) this.say(peer, client, state, clock);
    this.awareness.introduce(peer);
    return { peer, told };
  }

  say(peer: AwarenessPeer, client: number, state: object, clock: number): void {
    const frame = awarenessFrame([{ client, clock, state: JSON.stringify(state) }]);
    this.awareness.receive(peer, entriesOf(frame).payload);
  }

  leave(peer: AwarenessPeer): void {
    this.peers.delete(peer);
    this.awareness.leave(peer);
  }
}

function pair(): readonly [Side, Side] {
  const [a, b] = [new Side(), new Side()];
  a.other = b;
  b.other = a;
  return [a, b];
}

const ADA = 1;
const BEN = 2;

test('who is at one server is seen at the other, and is gone there when he leaves', async () => {
  const [a, b] = pair();
  const ada = a.join(ADA, { cursor: 1 });
  const ben = b.join(BEN, { cursor: 2 });
  await expect.poll(() => ben.told.get(ADA)).toBe('{"cursor":1}');
  await expect.poll(() => ada.told.get(BEN)).toBe('{"cursor":2}');
  a.leave(ada.peer);
  await expect.poll(() => ben.told.get(ADA)).toBe('null');
});

test('a server tells another that asks who is here, and nothing of those elsewhere', async () => {
  const [a, b] = pair();
  a.join(ADA, { cursor: 1 });
  await expect.poll(() => b.awareness.everybody()).not.toBeNull();
  expect(b.awareness.here()).toBeNull();
  const here = a.awareness.here();
  expect(here === null ? [] : entriesOf(here).entries.map(({ client }) => client)).toEqual([ADA]);
});

test('somebody who moves from one server to the other stays there when the old one notices that he left', async () => {
  const [a, b] = pair();
  const old = a.join(ADA, { cursor: 1 });
  const ben = b.join(BEN, { cursor: 0 });
  await expect.poll(() => ben.told.get(ADA)).toBe('{"cursor":1}');
  const cleo = a.join(3, { cursor: 0 });
  b.join(ADA, { cursor: 7 }, 2); // the old socket is still there, dead
  await expect.poll(() => ben.told.get(ADA)).toBe('{"cursor":7}');
  a.leave(old.peer);
  await expect.poll(() => cleo.told.get(ADA)).toBe('{"cursor":7}');
  expect(ben.told.get(ADA)).toBe('{"cursor":7}');
});

test('who has heard of somebody elsewhere cannot take his place', async () => {
  const [a, b] = pair();
  a.join(ADA, { cursor: 1 });
  await expect.poll(() => b.awareness.everybody()).not.toBeNull();
  const stranger = b.join(9, null);
  b.say(stranger.peer, ADA, { cursor: 666 }, 50);
  const ben = b.join(BEN, { cursor: 0 });
  expect(ben.told.get(ADA)).toBe('{"cursor":1}');
});

test('of a server that was killed nobody is left after a while', async () => {
  const [a, b] = pair();
  a.join(ADA, { cursor: 1 });
  const ben = b.join(BEN, { cursor: 0 });
  await expect.poll(() => ben.told.get(ADA)).toBe('{"cursor":1}');
  b.other = null;
  const now = performance.now();
  b.awareness.renew(now + 30_000, 20_000);
  expect(b.awareness.everybody()).not.toBeNull();
  b.awareness.renew(now + 60_000, 20_000);
  await expect.poll(() => ben.told.get(ADA)).toBe('null');
});
