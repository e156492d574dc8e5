import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { TEXT_ROOT } from '../../src/protocol/sync.ts';

const ITEM_STRING_WITH_ORIGIN = 0x84;
/** Ends nothing and begins every stamp; no other text of the load has it. */
const STAMP = 0x7e;
const DIGITS = 10;
export const STAMP_LENGTH = DIGITS + 2;

export interface Position {
  readonly client: number;
  readonly clock: number;
}

/** What a document holds before anybody types. */
export function seedUpdate(
  client: number,
  length: number,
): { readonly update: Uint8Array; readonly end: Position } {
  const doc = new Y.Doc();
  doc.clientID = client;
  const line = 'learning_rate: 0.0003 # as others found\n';
  doc.getText(TEXT_ROOT).insert(0, line.repeat(Math.ceil(length / line.length)).slice(0, length));
  return { update: Y.encodeStateAsUpdate(doc), end: { client, clock: length - 1 } };
}

/**
 * What a Yjs client sends when somebody types on where he was (V1): one item behind `after`. Written by hand, so
 * that the generator keeps no documents.
 */
export function typedUpdate(at: Position, after: Position, microseconds: number): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, 1); // clients
    encoding.writeVarUint(encoder, 1); // structs
    encoding.writeVarUint(encoder, at.client);
    encoding.writeVarUint(encoder, at.clock);
    encoding.writeUint8(encoder, ITEM_STRING_WITH_ORIGIN);
    encoding.writeVarUint(encoder, after.client);
    encoding.writeVarUint(encoder, after.clock);
    encoding.writeVarString(encoder, `~${String(microseconds).padStart(DIGITS, '0')} `);
    encoding.writeVarUint(encoder, 0); // deletions
  });
}

/** Calls `found` for every stamp in a frame, whoever merged how many updates into it. */
export function stampsIn(frame: Uint8Array, found: (microseconds: number) => void): void {
  for (let at = 0; at + STAMP_LENGTH <= frame.length; at++) {
    if (frame[at] !== STAMP) continue;
    let value = 0;
    let digits = 0;
    for (; digits < DIGITS; digits++) {
      const digit = (frame[at + 1 + digits] ?? 0) - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (digits < DIGITS) continue;
    found(value);
    at += DIGITS;
  }
}
