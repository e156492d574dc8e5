import type { editor } from 'monaco-editor/editor';
import type * as Y from 'yjs';
import { type Disposable, Disposables } from '../../base/disposable.ts';
import { differenceOf, type Replacement, replacementsOf } from './offsets.ts';
import { keepView } from './view-state.ts';

export interface TextBinding extends Disposable {
  /** Origin of the transactions that carry this person's edits. */
  readonly origin: object;
  /** How often model and text were found apart and made equal again; 0 unless something wrote behind us. */
  readonly repairs: number;
  /** Called after the model has taken up an edit that did not come from it. */
  onRemote(listener: (replacements: readonly Replacement[]) => void): void;
  /** Called when the model has changed and the text is about to follow. */
  onBeforeLocal(listener: (event: editor.IModelContentChangedEvent) => void): void;
  /** Called after the text has taken up an edit of this model. */
  onLocal(listener: (event: editor.IModelContentChangedEvent) => void): void;
}

/**
 * Keeps a Monaco model and a Y.Text equal. The text wins when they meet. Line feeds only: the model is forced
 * to LF, and characters that are not fit to be shared never reach the text. What another program has put there is not
 * shown, and taken out of the text by who next writes here: who only looks may not change it.
 */
export function bindText(
  text: Y.Text,
  model: editor.ITextModel,
  editors: ReadonlySet<editor.ICodeEditor>,
): TextBinding {
  const origin = { name: 'edited here' };
  const mending = { name: 'mended here' };
  const disposables = new Disposables();
  const remoteListeners: ((replacements: readonly Replacement[]) => void)[] = [];
  const localListeners: ((event: editor.IModelContentChangedEvent) => void)[] = [];
  const beforeLocalListeners: ((event: editor.IModelContentChangedEvent) => void)[] = [];
  let applying = false;
  let repairs = 0;
  /** The text holds what Monaco cannot: the model is the text without that. */
  let unfit = hasUnshareable(text);

  const applyToModel = (replacements: readonly Replacement[]): void => {
    if (replacements.length === 0) return;
    const restore = [...editors].map((one) => keepView(one, model, replacements));
    applying = true;
    try {
      model.applyEdits(
        replacements.map(({ start, end, text: inserted }) => {
          const from = model.getPositionAt(start);
          const to = model.getPositionAt(end);
          return {
            range: {
              startLineNumber: from.lineNumber,
              startColumn: from.column,
              endLineNumber: to.lineNumber,
              endColumn: to.column,
            },
            text: inserted,
          };
        }),
      );
    } finally {
      applying = false;
    }
    for (const one of restore) one();
    for (const listener of remoteListeners) listener(replacements);
  };
  const showText = (): void => {
    const before = model.getValue(LF);
    const after = text.toString().replaceAll('\r', '');
    const difference = differenceOf(before, after);
    if (difference !== null) applyToModel([wholeLines(difference, before, after)]);
  };

  const onModelChange = (event: editor.IModelContentChangedEvent): void => {
    if (event.isEolChange) {
      if (model.getEOL() !== '\n') model.setEOL(LF_SEQUENCE);
      return;
    }
    if (applying) return;
    if (unfit) removeUnshareable(text, mending);
    unfit = false;
    for (const listener of beforeLocalListeners) listener(event);
    let mended = false;
    text.doc?.transact(() => {
      // In the order given: changes of one edit come from the end backwards, those of merged events in turn.
      for (const change of event.changes) {
        const fit = fitToShare(change.text);
        if (fit !== change.text) mended = true;
        if (change.rangeLength > 0) text.delete(change.rangeOffset, change.rangeLength);
        if (fit !== '') text.insert(change.rangeOffset, fit);
      }
    }, origin);
    if (mended) showText();
    for (const listener of localListeners) listener(event);
    check();
  };
  const onTextChange = (event: Y.YTextEvent, transaction: Y.Transaction): void => {
    if (transaction.origin === origin || transaction.origin === mending) return;
    if (!unfit) applyToModel(replacementsOf(event.delta));
    check();
  };
  const check = (): void => {
    if (!unfit && model.getValueLength(LF) === text.length) return;
    if (!unfit) repairs += 1;
    unfit = hasUnshareable(text);
    showText();
  };

  model.setEOL(LF_SEQUENCE);
  showText();
  const subscription = model.onDidChangeContent(onModelChange);
  text.observe(onTextChange);
  disposables.add(subscription);
  disposables.add(() => text.unobserve(onTextChange));

  return {
    origin,
    get repairs() {
      return repairs;
    },
    onRemote: (listener) => void remoteListeners.push(listener),
    onBeforeLocal: (listener) => void beforeLocalListeners.push(listener),
    onLocal: (listener) => void localListeners.push(listener),
    dispose: () => disposables.dispose(),
  };
}

/** editor.EndOfLineSequence.LF and editor.EndOfLinePreference.LF: types only here, so that Monaco stays lazy. */
const LF_SEQUENCE: editor.EndOfLineSequence.LF = 0;
const LF: editor.EndOfLinePreference.LF = 1;

/** Monaco moves the ends of a range off half a pair of surrogates; ends of lines are safe. */
function wholeLines({ start, end }: Replacement, before: string, after: string): Replacement {
  const from = before.lastIndexOf('\n', start - 1) + 1;
  const found = before.indexOf('\n', end);
  const to = found === -1 ? before.length : found;
  return { start: from, end: to, text: after.slice(from, after.length - (before.length - to)) };
}

/**
 * What sanitiseText would do, but as long as before, so that offsets stay level. It must happen before Yjs
 * sees the text: splitting an item beside half a pair makes Yjs overwrite the neighbour, here but not elsewhere.
 */
function fitToShare(inserted: string): string {
  return inserted.replace(/[\r\0\uFEFF]/g, '\uFFFD').toWellFormed();
}

/** Whether another program has put into the shared text what Monaco cannot hold. */
function hasUnshareable(text: Y.Text): boolean {
  const shareable = text.toString();
  return shareable.length !== text.length || shareable.includes('\r');
}

/** Deletes carriage returns and things that are no text: that is the same on every replica, however many do it. */
function removeUnshareable(text: Y.Text, origin: object): void {
  const unfit: { readonly at: number; readonly length: number }[] = [];
  let at = 0;
  for (const { insert } of text.toDelta() as readonly { readonly insert: unknown }[]) {
    if (typeof insert !== 'string') {
      unfit.push({ at, length: 1 });
      at += 1;
      continue;
    }
    for (const match of insert.matchAll(/\r/g)) unfit.push({ at: at + match.index, length: 1 });
    at += insert.length;
  }
  if (unfit.length === 0) return;
  text.doc?.transact(() => {
    for (const { at: start, length } of unfit.reverse()) text.delete(start, length);
  }, origin);
}
