import * as Y from 'yjs';

// A document that the server begins anew has other Yjs clients than before: by these its lives are told apart.

/**
 * True where the other one, though it has content, knows no client of ours. Of a server that once acknowledged
 * ours: it was set up anew, and merging would put two documents into one. One that is merely behind shares clients.
 */
export function isOtherDocument(ours: Uint8Array | null, theirs: Uint8Array): boolean {
  if (ours === null) return false;
  const [mine, others] = [Y.decodeStateVector(ours), Y.decodeStateVector(theirs)];
  if (mine.size === 0 || others.size === 0) return false;
  return [...mine.keys()].every((client) => !others.has(client));
}

/** Whether somebody who has all that the vector says has all of the document, deletions aside. */
export function covers(vector: Uint8Array, doc: Y.Doc): boolean {
  const theirs = Y.decodeStateVector(vector);
  const ours = Y.decodeStateVector(Y.encodeStateVector(doc));
  return [...ours].every(([client, clock]) => (theirs.get(client) ?? 0) >= clock);
}

/** What these updates have of each client, also of one of which they lack the beginning. */
export function vectorOf(updates: readonly Uint8Array[]): Uint8Array {
  return Y.encodeStateVector(Y.parseUpdateMeta(Y.mergeUpdates([...updates])).to);
}

/** Which of a room's updates are of this life of the document: what names its clients, and what builds on that. */
export function ofLife(doc: Y.Doc): (updates: readonly Uint8Array[]) => ReadonlySet<Uint8Array> {
  return (updates) => {
    const known = new Set(doc.store.clients.keys());
    const named = new Map(updates.map((update) => [update, clientsIn(update)]));
    const meant = new Set<Uint8Array>();
    for (let count = -1; count < meant.size; ) {
      count = meant.size;
      for (const [update, clients] of named) {
        if (meant.has(update) || (clients.size > 0 && ![...clients].some((client) => known.has(client))))
          continue;
        meant.add(update);
        for (const client of clients) known.add(client);
      }
    }
    return meant;
  };
}

/** Whose structs and deletions an update has, and whose it builds on. */
function clientsIn(update: Uint8Array): ReadonlySet<number> {
  const { structs, ds } = Y.decodeUpdate(update);
  const clients = new Set(ds.clients.keys());
  for (const struct of structs) {
    clients.add(struct.id.client);
    if (!(struct instanceof Y.Item)) continue;
    for (const id of [struct.origin, struct.rightOrigin, struct.parent])
      if (id instanceof Y.ID) clients.add(id.client);
  }
  return clients;
}
