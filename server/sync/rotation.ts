import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { FILES_ROOT, TEXT_ROOT } from '../../src/protocol/sync.ts';

/**
 * Rotation: a document that has grown far beyond its content begins anew. What it says now becomes the first
 * state of a new generation, without any of the history; Yjs clients of the generations before are retired. An
 * editor that comes with one of them would double the text if it were merged: it is told to open the document
 * anew (close code 4409), and our editors do so by themselves. One that has nothing unsaved notices nothing;
 * what another wrote offline is kept beside the document.
 */

/**
 * In the document itself, so that it is as durable as the text. Nobody but the server writes there; where its log
 * was lost, the first editor that comes brings it back with the rest.
 */
export const ROTATION_ROOT = 'rotation';
export const RETIRED = 'retired';
/** The latest are remembered. An editor that was away for longer than so many others is taken for a new one. */
const MAX_RETIRED = 20_000;

export function retiredClients(doc: Y.Doc): ReadonlySet<number> {
  if (!doc.share.has(ROTATION_ROOT)) return new Set();
  const packed = doc.getMap(ROTATION_ROOT).get(RETIRED);
  return new Set(packed instanceof Uint8Array ? unpack(packed) : []);
}

/** The same content as the first state of the next generation. */
export function nextGeneration(doc: Y.Doc, kind: 'text' | 'project'): Uint8Array {
  const latest = [...doc.store.clients.keys()];
  const retired = new Set([...latest, ...retiredClients(doc)].slice(0, MAX_RETIRED));
  const fresh = new Y.Doc();
  while (retired.has(fresh.clientID)) fresh.clientID = (fresh.clientID + 1) % 2 ** 32;
  fresh.transact(() => {
    if (kind === 'text') {
      const text = doc.getText(TEXT_ROOT).toString();
      if (text !== '') fresh.getText(TEXT_ROOT).insert(0, text);
    } else {
      const files = fresh.getMap(FILES_ROOT);
      for (const [path, entry] of doc.getMap(FILES_ROOT).entries()) files.set(path, entry);
    }
    fresh.getMap(ROTATION_ROOT).set(RETIRED, pack([...retired]));
  });
  const state = Y.encodeStateAsUpdate(fresh);
  fresh.destroy();
  return state;
}

function pack(clients: readonly number[]): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, clients.length);
    for (const client of clients) encoding.writeVarUint(encoder, client);
  });
}

function unpack(bytes: Uint8Array): number[] {
  const decoder = decoding.createDecoder(bytes);
  return Array.from({ length: decoding.readVarUint(decoder) }, () => decoding.readVarUint(decoder));
}
