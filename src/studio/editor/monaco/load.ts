import type * as Monaco from 'monaco-editor/editor';

let loading: Promise<typeof Monaco> | null = null;

/** Monaco with the parts that this editor uses; several hundred kilobytes, so only once somebody edits. */
export function loadMonaco(): Promise<typeof Monaco> {
  loading ??= import('./monaco.ts').then(({ monaco }) => monaco);
  return loading;
}
