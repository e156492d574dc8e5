import * as encoding from 'lib0/encoding';
import type { Role } from '../../src/domain/access/roles.ts';
import { MessageType, SyncMessageType } from '../../src/protocol/sync.ts';

/** The frames that the server sends; src/protocol/sync.ts says what they mean. */

/** How many bytes a number takes (lib0's variable length encoding). */
function lengthOf(number: number): number {
  let length = 1;
  for (let left = number; left >= 0x80; left = Math.floor(left / 0x80)) length++;
  return length;
}

/** Answers with the place behind it. */
function writeNumber(bytes: Buffer, at: number, number: number): number {
  let left = number;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes[at++] = 0x80 | (left % 0x80);
  bytes[at++] = left;
  return at;
}

// These go out with every key that somebody presses, hence not by lib0, which makes two arrays for each.

function syncHead(type: number, length: number, room = 0): Buffer {
  const head = lengthOf(MessageType.sync) + lengthOf(type) + lengthOf(length);
  const frame = Buffer.allocUnsafe(head + room);
  let at = writeNumber(frame, 0, MessageType.sync);
  at = writeNumber(frame, at, type);
  writeNumber(frame, at, length);
  return frame;
}

function syncFrame(type: number, payload: Uint8Array): Uint8Array {
  const { length } = payload;
  const frame = syncHead(type, length, length);
  frame.set(payload, frame.length - length);
  return frame;
}

export const step1Frame = (stateVector: Uint8Array): Uint8Array =>
  syncFrame(SyncMessageType.step1, stateVector);
export const step2Frame = (update: Uint8Array): Uint8Array => syncFrame(SyncMessageType.step2, update);
/** What comes before an update of this length in its step2Frame. */
export const step2Head = (length: number): Uint8Array => syncHead(SyncMessageType.step2, length);
export const updateFrame = (update: Uint8Array): Uint8Array => syncFrame(SyncMessageType.update, update);

export function durableFrame(epoch: number, lsn: number, count: number): Uint8Array {
  const numbers = [MessageType.durable, epoch, Math.max(0, lsn), count];
  const frame = Buffer.allocUnsafe(numbers.reduce((sum, number) => sum + lengthOf(number), 0));
  let at = 0;
  for (const number of numbers) at = writeNumber(frame, at, number);
  return frame;
}

const BINARY = 0x82;
let last: { readonly message: Uint8Array; readonly wire: Buffer } | null = null;

/**
 * A message as it goes over the wire, in one WebSocket frame (RFC 6455, 5.2). One after the other in a room is
 * sent the same message: it is framed once.
 */
export function onWire(message: Uint8Array): Buffer {
  if (last?.message === message) return last.wire;
  const { length } = message;
  const wire = headOnWire(length, length);
  wire.set(message, wire.length - length);
  last = { message, wire };
  return wire;
}

/** What comes before a message of this length on the wire, and so much room behind it. */
export function headOnWire(length: number, room = 0): Buffer {
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const wire = Buffer.allocUnsafe(header + room);
  wire[0] = BINARY;
  wire[1] = header === 2 ? length : header === 4 ? 126 : 127;
  if (header === 4) wire.writeUInt16BE(length, 2);
  if (header === 10) wire.writeBigUInt64BE(BigInt(length), 2);
  return wire;
}

export function roleFrame(role: Role): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MessageType.role);
    encoding.writeVarString(encoder, role);
  });
}

export function queryAwarenessFrame(): Uint8Array {
  return encoding.encode((encoder) => encoding.writeVarUint(encoder, MessageType.queryAwareness));
}

export interface AwarenessEntry {
  readonly client: number;
  readonly clock: number;
  /** JSON; `null` for somebody who left. */
  readonly state: string;
}

export function awarenessFrame(entries: readonly AwarenessEntry[]): Uint8Array {
  const payload = encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, entries.length);
    for (const { client, clock, state } of entries) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, clock);
      encoding.writeVarString(encoder, state);
    }
  });
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MessageType.awareness);
    encoding.writeVarUint8Array(encoder, payload);
  });
}
