import { createHash } from 'node:crypto';
import * as Y from 'yjs';
import { FILES_ROOT, type FileEntry, sanitiseText, TEXT_ROOT } from '../../src/protocol/sync.ts';

/**
 * First states of documents. They are the same bytes for the same content: who has a document offline that was
 * seeded from the same text, even by a server whose folder was lost since, merges with it and doubles nothing.
 */

function deterministic(content: string, fill: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  doc.clientID = createHash('sha256').update(content).digest().readUInt32LE(0);
  fill(doc);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}

/** A text document; line endings are made LF, and what cannot be shared is replaced. */
export function seedText(text: string): Uint8Array {
  const clean = sanitiseText(text);
  return deterministic(clean, (doc) => {
    if (clean !== '') doc.getText(TEXT_ROOT).insert(0, clean);
  });
}

/** A project's own document with its first files. */
export function seedProject(files: Readonly<Record<string, FileEntry>>): Uint8Array {
  return deterministic(JSON.stringify(files), (doc) => {
    const map = doc.getMap(FILES_ROOT);
    doc.transact(() => {
      for (const [path, entry] of Object.entries(files)) map.set(path, entry);
    });
  });
}
