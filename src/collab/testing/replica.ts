import * as monaco from 'monaco-editor/editor';
import { Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import { bindEditor, type EditorBinding } from '../monaco/bind.ts';
import { contentOf } from '../room.ts';

/** A person with an editor on the page, for tests. */
export interface Replica {
  readonly doc: Y.Doc;
  readonly text: Y.Text;
  readonly awareness: Awareness;
  readonly model: monaco.editor.ITextModel;
  readonly editor: monaco.editor.IStandaloneCodeEditor;
  readonly binding: EditorBinding;
  /** Types as a keyboard does, at every caret. */
  type(text: string): void;
  paste(text: string): void;
  /** Offsets of the first selection. */
  select(anchor: number, head?: number): void;
  selections(): (readonly [number, number])[];
  dispose(): void;
}

export function makeReplica(name: string, seed?: Uint8Array): Replica {
  const doc = new Y.Doc();
  if (seed !== undefined) Y.applyUpdate(doc, seed);
  const text = contentOf(doc);
  const awareness = new Awareness(doc);
  awareness.setLocalState({ user: { name, color: '#1864ab' }, person: name });
  const host = document.createElement('div');
  host.style.cssText = 'width: 600px; height: 200px';
  host.dataset.replica = name;
  document.body.append(host);
  const model = monaco.editor.createModel('', 'plaintext');
  const editor = monaco.editor.create(host, {
    model,
    unusualLineTerminators: 'off',
    minimap: { enabled: false },
  });
  const binding = bindEditor(text, awareness, editor);
  return {
    doc,
    text,
    awareness,
    model,
    editor,
    binding,
    type: (typed) => editor.trigger('keyboard', 'type', { text: typed }),
    paste: (pasted) =>
      editor.trigger('keyboard', 'paste', { text: pasted, pasteOnNewLine: false, multicursorText: null }),
    select(anchor, head = anchor) {
      const a = model.getPositionAt(anchor);
      const h = model.getPositionAt(head);
      editor.setSelection({
        selectionStartLineNumber: a.lineNumber,
        selectionStartColumn: a.column,
        positionLineNumber: h.lineNumber,
        positionColumn: h.column,
      });
    },
    selections: () =>
      (editor.getSelections() ?? []).map((one) => [
        model.getOffsetAt({ lineNumber: one.selectionStartLineNumber, column: one.selectionStartColumn }),
        model.getOffsetAt({ lineNumber: one.positionLineNumber, column: one.positionColumn }),
      ]),
    dispose() {
      binding.dispose();
      editor.dispose();
      model.dispose();
      awareness.destroy();
      doc.destroy();
      host.remove();
    },
  };
}

/** Updates between replicas, kept back until they are delivered; a replica that is cut off misses none. */
export class Network {
  readonly #replicas: readonly Replica[];
  readonly #queues: Uint8Array[][];
  readonly #origin = { name: 'network' };

  constructor(replicas: readonly Replica[]) {
    this.#replicas = replicas;
    this.#queues = replicas.map(() => []);
    replicas.forEach((sender, from) => {
      sender.doc.on('update', (update: Uint8Array, origin: unknown) => {
        if (origin === this.#origin) return;
        for (const [to, queue] of this.#queues.entries()) if (to !== from) queue.push(update);
      });
    });
  }

  /** Hands one replica up to `count` of what waits for it. */
  deliver(to: number, count = Number.POSITIVE_INFINITY): void {
    const replica = this.#replicas[to];
    const queue = this.#queues[to];
    if (replica === undefined || queue === undefined) return;
    for (const update of queue.splice(0, count)) Y.applyUpdate(replica.doc, update, this.#origin);
  }

  deliverAll(): void {
    // Taking up an edit may mend it, which makes another edit.
    while (this.#queues.some((queue) => queue.length > 0))
      for (const to of this.#replicas.keys()) this.deliver(to);
  }

  /** Awareness goes at once: everybody learns what everybody says. */
  shareAwareness(): void {
    for (const from of this.#replicas)
      for (const to of this.#replicas)
        if (from !== to)
          applyAwarenessUpdate(
            to.awareness,
            encodeAwarenessUpdate(from.awareness, [from.doc.clientID]),
            this.#origin,
          );
  }
}

/** The bytes that a server's seeding makes. */
export function seedOf(content: string): Uint8Array {
  const doc = new Y.Doc();
  contentOf(doc).insert(0, content);
  const update = Y.encodeStateAsUpdate(doc);
  doc.destroy();
  return update;
}
