import * as Y from 'yjs';
import { TEXT_ROOT } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { StoredDocument } from '../store/requests/documents.ts';
import type { DocumentName } from '../store/write.ts';
import { storedPortions } from '../sync/portions.ts';

/** So long the server's one thread is held up at a time. */
const TURN_MS = 5;
/** Texts in which people write while references are looked for; others are read again as a whole. */
const MAX_FOLLOWED = 50;

const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;

/**
 * What texts say, put together: who types a hash letter by letter, or changes one letter of it, leaves no bytes in
 * the log or in a snapshot in which all of it stands.
 */
export class TextReferences {
  readonly #found: (text: string) => void;
  readonly #followed = new Map<string, Y.Doc>();
  readonly #changed = new Set<Y.Doc>();

  constructor(found: (text: string) => void) {
    this.#found = found;
  }

  /** `follows`: somebody writes in it now. Throws documentDamaged: it may name anything. */
  async read(name: DocumentName, stored: StoredDocument, follows: boolean): Promise<void> {
    const doc = new Y.Doc();
    try {
      await inTurns(storedPortions(doc, 'text', stored, (part) => Y.applyUpdate(doc, part)));
    } catch (cause) {
      throw serverErrors.documentDamaged({ where: `${name.project}/${name.path}`, cause });
    }
    this.#look(doc);
    if (follows && this.#followed.size < MAX_FOLLOWED) this.#followed.set(keyOf(name), doc);
    else doc.destroy();
  }

  /** An update that came meanwhile; false where the text must be read as a whole. */
  follow(name: DocumentName, update: Uint8Array): boolean {
    const doc = this.#followed.get(keyOf(name));
    if (doc === undefined) return false;
    Y.applyUpdate(doc, update);
    this.#changed.add(doc);
    return true;
  }

  /** Its log has been replaced. */
  forget(name: DocumentName): void {
    this.#followed.delete(keyOf(name));
  }

  /** Looks at what came meanwhile. */
  look(): void {
    for (const doc of this.#changed) this.#look(doc);
    this.#changed.clear();
  }

  #look(doc: Y.Doc): void {
    this.#found(doc.getText(TEXT_ROOT).toString());
  }
}

async function inTurns(portions: Iterator<void>): Promise<void> {
  let began = performance.now();
  while (portions.next().done !== true) {
    if (performance.now() - began < TURN_MS) continue;
    await new Promise((resolve) => setImmediate(resolve));
    began = performance.now();
  }
}
