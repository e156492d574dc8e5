import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import type { Random } from '../../src/base/random.ts';
import { MAX_SYNC_MESSAGE_BYTES, MessageType, SyncMessageType } from '../../src/protocol/sync.ts';

/** Frames that somebody sends who wishes the server ill. Each draws its sizes from the seed. */
export type Hostile = (random: Random) => Uint8Array | string;

type Encoder = encoding.Encoder;
const bytes = encoding.encode;
const uint = encoding.writeVarUint;

const syncFrame = (type: number, payload: Uint8Array): Uint8Array =>
  bytes((out) => {
    uint(out, MessageType.sync);
    uint(out, type);
    encoding.writeVarUint8Array(out, payload);
  });
const update = (payload: Uint8Array): Uint8Array => syncFrame(SyncMessageType.update, payload);
const awareness = (write: (out: Encoder) => void): Uint8Array =>
  bytes((out) => {
    uint(out, MessageType.awareness);
    encoding.writeVarUint8Array(out, bytes(write));
  });

/** Yjs believes the count and makes room for so many: seven bytes, 240 MB. */
export const hugeCount: Hostile = (random) =>
  update(
    bytes((out) => {
      uint(out, 1);
      uint(out, 2 ** (20 + random.below(30)));
      uint(out, 1);
      uint(out, 0);
      uint(out, 0);
    }),
  );

/** Each struct builds on one that nobody has: Yjs sorts through all clients for every one of them. */
export const manyClients: Hostile = (random) => {
  const count = 5_000 + random.below(55_000);
  return update(
    bytes((out) => {
      uint(out, count);
      for (let client = 1; client <= count; client++) {
        uint(out, 1);
        uint(out, client);
        for (const byte of [1, 0, 1]) encoding.writeUint8(out, byte);
      }
      uint(out, 0);
    }),
  );
};

/** Another format; read as this one it asks for anything. */
export const secondFormat: Hostile = (random) => {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'x'.repeat(1 + random.below(30)));
  return update(Y.encodeStateAsUpdateV2(doc));
};

/** As the format has it, and each claims the same place: each is held against all that were there before. */
export const rivals: Hostile = (random) => {
  const count = 200 + random.below(1_800);
  const first = 1 + random.below(2 ** 31);
  return update(
    bytes((out) => {
      uint(out, count);
      for (let client = first + count - 1; client >= first; client--) {
        uint(out, 1);
        uint(out, client);
        uint(out, 0);
        encoding.writeUint8(out, 4); // a text without neighbours
        uint(out, 1);
        encoding.writeVarString(out, 'content');
        encoding.writeVarString(out, 'x');
      }
      uint(out, 0);
    }),
  );
};

/** Each of two is placed beside the other, so that both wait; nothing that they build on is missing. */
export const circles: Hostile = (random) => {
  const first = 1 + random.below(2 ** 31);
  return update(
    bytes((out) => {
      uint(out, 2);
      for (const [own, other] of [
        [first + 1, first],
        [first, first + 1],
      ] as const) {
        uint(out, 1);
        uint(out, own);
        uint(out, 0);
        encoding.writeUint8(out, 0x84); // a text after another
        uint(out, other);
        uint(out, 0);
        encoding.writeVarString(out, 'x'.repeat(1 + random.below(10_000)));
      }
      uint(out, 0);
    }),
  );
};

/** Deletes what nobody has, in as many pieces as there is room for. */
export const manyDeletions: Hostile = (random) => {
  const count = 1_000 + random.below(300_000);
  return update(
    bytes((out) => {
      uint(out, 0);
      uint(out, 1);
      uint(out, 1 + random.below(1000));
      uint(out, count);
      for (let i = 0; i < count; i++) {
        uint(out, i * 2);
        uint(out, 1);
      }
    }),
  );
};

/** Deletes the same again and again: every range would be looked through, struct by struct. */
export const sameDeletions: Hostile = (random) => {
  const structs = 1_000 + random.below(9_000);
  const ranges = 50_000 + random.below(50_000);
  const client = 1 + random.below(2 ** 31);
  return update(
    bytes((out) => {
      uint(out, 1);
      uint(out, structs);
      uint(out, client);
      uint(out, 0);
      for (let i = 0; i < structs; i++) {
        encoding.writeUint8(out, i === 0 ? 4 : 0x44); // each before the last, so that they stay apart
        if (i === 0) {
          uint(out, 1);
          encoding.writeVarString(out, 'content');
        } else {
          uint(out, client);
          uint(out, i - 1);
        }
        encoding.writeVarString(out, 'x');
      }
      uint(out, 1);
      uint(out, client);
      uint(out, ranges);
      for (let i = 0; i < ranges; i++) {
        uint(out, 0);
        uint(out, structs);
      }
    }),
  );
};

/** Names everybody, to delete nothing of theirs. */
export const noDeletions: Hostile = (random) => {
  const count = 4_001 + random.below(500_000);
  return update(
    bytes((out) => {
      uint(out, 0);
      uint(out, count);
      for (let client = 1; client <= count; client++) {
        uint(out, client);
        uint(out, 0);
      }
    }),
  );
};

/** An entry of the project's list with more in it than anybody can look through. */
export const manyValues: Hostile = (random) => {
  const deep = random.below(2) === 0;
  const count = 200_000 + random.below(800_000);
  return update(
    bytes((out) => {
      uint(out, 1);
      uint(out, 1);
      uint(out, 1 + random.below(1000));
      uint(out, 0);
      encoding.writeUint8(out, 0x28); // JSON under a key
      uint(out, 1);
      encoding.writeVarString(out, 'files');
      encoding.writeVarString(out, 'a.md');
      uint(out, 1);
      if (deep) for (let i = 0; i < count; i++) for (const byte of [117, 1]) encoding.writeUint8(out, byte);
      else {
        encoding.writeUint8(out, 117);
        uint(out, count);
        for (let i = 0; i < count; i++) encoding.writeUint8(out, 126);
      }
      uint(out, 0);
    }),
  );
};

/** A question that is longer than any answer. */
export const hugeVector: Hostile = (random) => {
  const count = 20_001 + random.below(400_000);
  return syncFrame(
    SyncMessageType.step1,
    bytes((out) => {
      uint(out, count);
      for (let client = 1; client <= count; client++) {
        uint(out, client);
        uint(out, 1);
      }
    }),
  );
};

/** Speaks for everybody, at length. */
export const manyStates: Hostile = (random) => {
  const count = 1 + random.below(9_000);
  const state = JSON.stringify({ user: { name: 'x'.repeat(random.below(300)), color: '#000000' } });
  return awareness((out) => {
    uint(out, count);
    for (let i = 0; i < count; i++) {
      uint(out, random.uint32());
      uint(out, random.below(2 ** 30));
      encoding.writeVarString(out, state);
    }
  });
};

/** JSON that is longer, or nested deeper, than it can be read. */
export const longState: Hostile = (random) => {
  const size = random.below(2) === 0 ? 7_000 : 2_000_000;
  const state = random.below(2) === 0 ? '['.repeat(size) + ']'.repeat(size) : `{"a":"${'x'.repeat(size)}"}`;
  return awareness((out) => {
    uint(out, 1);
    uint(out, random.uint32());
    uint(out, random.below(2 ** 30));
    encoding.writeVarString(out, state);
  });
};

export const questions: Hostile = () => Uint8Array.of(MessageType.queryAwareness);
export const firstSteps: Hostile = () => syncFrame(SyncMessageType.step1, Uint8Array.of(0));
export const tooLong: Hostile = (random) => new Uint8Array(MAX_SYNC_MESSAGE_BYTES + 1 + random.below(1000));
export const noise: Hostile = (random) =>
  Uint8Array.from({ length: 1 + random.below(200_000) }, () => random.below(256));
export const words: Hostile = (random) => 'x'.repeat(1 + random.below(100_000));

/** A text that is none. */
export const brokenText: Hostile = (random) =>
  update(
    bytes((out) => {
      uint(out, 1);
      uint(out, 1);
      uint(out, 1 + random.below(1000));
      uint(out, 0);
      encoding.writeUint8(out, 4);
      uint(out, 1);
      encoding.writeVarString(out, 'content');
      encoding.writeVarUint8Array(out, Uint8Array.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80));
      uint(out, 0);
    }),
  );

/** Changes, cuts or doubles a few bytes. */
export function mutated(make: Hostile): Hostile {
  return (random) => {
    const frame = make(random);
    if (typeof frame === 'string') return frame;
    const copy = Uint8Array.from(frame);
    const head = Math.min(copy.length, 64); // where the counts are
    for (let i = random.below(4); i >= 0; i--) copy[random.below(head)] = random.below(256);
    return random.below(4) === 0 ? copy.subarray(0, 1 + random.below(copy.length)) : copy;
  };
}
