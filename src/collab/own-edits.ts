import * as Y from 'yjs';

/**
 * Of which of these Yjs clients the server says to have more than is here. Nobody but this machine writes as them:
 * what has taken the place of edits made here would keep them from ever being sent, and delete them here.
 */
export function claimed({ store }: Y.Doc, vector: Uint8Array, clients: Iterable<number>): readonly number[] {
  const theirs = Y.decodeStateVector(vector);
  return [...clients].filter((client) => {
    const ours = Y.getState(store, client);
    return ours > 0 && (theirs.get(client) ?? 0) > ours;
  });
}

/** Whether an update goes on where our own edits end, which nobody but we do. */
export function goesOn({ store, clientID }: Y.Doc, update: Uint8Array): boolean {
  const ours = Y.getState(store, clientID);
  return ours > 0 && (Y.parseUpdateMeta(update).to.get(clientID) ?? 0) > ours;
}

/** Whether something of the document, written as one of these clients, is not in what has this state vector. */
export function lacksSome(
  { store }: Y.Doc,
  vector: Uint8Array,
  clients: Iterable<number> = store.clients.keys(),
): boolean {
  const theirs = Y.decodeStateVector(vector);
  return [...clients].some((client) => Y.getState(store, client) > (theirs.get(client) ?? 0));
}
