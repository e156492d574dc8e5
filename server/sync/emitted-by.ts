import type * as Y from 'yjs';

/** What Yjs says that a change is; it works it out only where somebody listens. */
export function emittedBy(doc: Y.Doc, change: () => void): Uint8Array[] {
  const emitted: Uint8Array[] = [];
  const hear = (update: Uint8Array): void => {
    emitted.push(update);
  };
  doc.on('update', hear);
  try {
    change();
  } finally {
    doc.off('update', hear);
  }
  return emitted;
}
