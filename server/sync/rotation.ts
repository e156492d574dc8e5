import * as Y from 'yjs';
import { FILES_ROOT, ROTATION_ROOT, TEXT_ROOT } from '../../src/protocol/sync.ts';
import type { Writer } from '../store/write.ts';
import { packRetired, Retired, unpackRetired } from './retired.ts';
import { type Authored, Stretches } from './stretches.ts';

/**
 * Rotation: a document that has grown far beyond its content begins anew. What it says now becomes the first
 * state of a new generation, without any of the history; Yjs clients of the generations before are retired. An
 * editor that comes with one of them would double the text if it were merged: it is told to open the document
 * anew (close code 4409), and our editors do so by themselves. One that has nothing unsaved notices nothing;
 * what another wrote offline is kept beside the document.
 */

/**
 * In the document itself, so that it is as durable as the text. Nobody but the server writes there; where its log
 * was lost, whoever brings the document back brings it, too.
 */
export const RETIRED = 'retired';

/** What refers to parts of a text, and moves with them when it begins anew. */
export interface Follower {
  /** Who wrote which part of the text, as far as that is known. */
  authored(text: Y.Text): readonly Authored[];
  /** Moves what refers to the text before. What it writes, in this turn, is in one commit with the new generation. */
  follow(before: Y.Text, after: Stretches, writer: Writer): void;
}

export const noFollower: Follower = { authored: () => [], follow: () => undefined };

export interface NextGeneration {
  readonly state: Uint8Array;
  /** Where the parts of the text are now; of a project's document there are none. */
  readonly stretches: Stretches;
}

export function retiredClients(doc: Y.Doc): Retired {
  const generations = generationsOf(doc);
  return generations.length === 0 ? Retired.none : new Retired(generations.flat());
}

/** The struct that names them: no editor has a reason to delete it, or to put something beside it. */
export function retiringStruct(doc: Y.Doc): { readonly client: number; readonly clock: number } | null {
  if (!doc.share.has(ROTATION_ROOT)) return null;
  return doc.getMap(ROTATION_ROOT)._map.get(RETIRED)?.id ?? null;
}

/** So many parts of a text begin anew in one portion. */
const PARTS = 256;

/**
 * The same content as the first state of the next generation; what one person wrote is one client's. In portions, as
 * a long text with many authors takes long. The document is read in the first: what comes to it after that is not in.
 */
export function* nextGeneration(
  doc: Y.Doc,
  kind: 'text' | 'project',
  authored: Follower['authored'] = noFollower.authored,
): Generator<void, NextGeneration> {
  const generations = [[...doc.store.clients.keys()], ...generationsOf(doc)];
  const over = new Set(generations.flat());
  const fresh = new Y.Doc();
  const newClient = (): number => {
    while (over.has(fresh.clientID)) fresh.clientID = (fresh.clientID + 1) % 2 ** 32;
    over.add(fresh.clientID);
    return fresh.clientID;
  };
  // Under a client of its own: whoever brings the document back in parts can send it first.
  const retiring = newClient();
  const own = newClient();
  const content = kind === 'text' ? doc.getText(TEXT_ROOT) : null;
  const stretches = Stretches.of(content?.toString() ?? '', content === null ? [] : authored(content), {
    own,
    newClient,
  });
  const files = kind === 'text' ? [] : [...doc.getMap(FILES_ROOT).entries()];
  yield;
  fresh.clientID = retiring;
  fresh.getMap(ROTATION_ROOT).set(RETIRED, packRetired(generations));
  fresh.clientID = own;
  fresh.transact(() => {
    for (const [path, entry] of files) fresh.getMap(FILES_ROOT).set(path, entry);
  });
  yield;
  if (content !== null) yield* write(fresh, stretches);
  const state = Y.encodeStateAsUpdate(fresh);
  fresh.destroy();
  return { state, stretches };
}

function* write(doc: Y.Doc, stretches: Stretches): Generator<void> {
  const text = doc.getText(TEXT_ROOT);
  const all = [...stretches];
  for (let at = 0; at < all.length; at += PARTS) {
    doc.transact(() => {
      for (const { client, piece } of all.slice(at, at + PARTS)) {
        doc.clientID = client;
        text.insert(text.length, piece);
      }
    });
    yield;
  }
}

/** Clients by generation, the latest first. */
function generationsOf(doc: Y.Doc): number[][] {
  if (!doc.share.has(ROTATION_ROOT)) return [];
  const packed = doc.getMap(ROTATION_ROOT).get(RETIRED);
  return packed instanceof Uint8Array ? unpackRetired(packed) : [];
}
