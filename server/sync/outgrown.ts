import type * as Y from 'yjs';
import { type DocumentKind, FILES_ROOT, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { structsOf } from './cost.ts';
import type { SyncLimits } from './limits.ts';

export interface Size {
  /** Of the state, encoded. */
  readonly bytes: number;
  /** Live and deleted. */
  readonly structs: number;
  readonly clients: number;
}

type Limits = Pick<SyncLimits, 'documentBytes' | 'documentStructs' | 'documentClients'>;

export function fits(size: Size, limits: Limits): boolean {
  return (
    size.bytes <= limits.documentBytes &&
    size.structs <= limits.documentStructs &&
    size.clients <= limits.documentClients
  );
}

/** Come so far towards a limit, a document begins anew as soon as nobody is in it. */
const PART = 0.5;

/** Whether the document has come far towards a limit, and its content alone is far from it. */
export function isOutgrown(doc: Y.Doc, kind: DocumentKind, bytes: number, limits: Limits): boolean {
  if (kind === 'review') return false;
  const structs = structsOf(doc);
  const content =
    kind === 'text'
      ? { structs: 1, bytes: doc.getText(TEXT_ROOT).length }
      : { structs: doc.getMap(FILES_ROOT).size, bytes: 100 * doc.getMap(FILES_ROOT).size };
  if (structs > PART * limits.documentStructs && content.structs * 2 < structs) return true;
  if (doc.store.clients.size > PART * limits.documentClients) return true;
  return bytes > PART * limits.documentBytes && content.bytes * 2 < bytes;
}
