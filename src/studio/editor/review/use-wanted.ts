import { type RefObject, useEffect, useRef } from 'react';
import type { Drafts } from './drafts.ts';

/**
 * What takes the focus as soon as it is there and somebody asked for it (`drafts.wanted`): the field he wants to
 * write in, and afterwards the button by which it opens. Not whenever it is there: who comes back to a file goes on
 * where he was.
 */
export function useWanted<T extends HTMLElement>(drafts: Drafts, key: string): RefObject<T | null> {
  const element = useRef<T>(null);
  useEffect(() => {
    if (drafts.wanted !== key || element.current === null) return;
    drafts.wanted = null;
    if (!isField(element.current)) return element.current.focus();
    const from = document.activeElement;
    drafts.from = from instanceof HTMLElement && from !== document.body ? from : null;
    element.current.focus();
    element.current.setSelectionRange(element.current.value.length, element.current.value.length);
  });
  return element;
}

/**
 * Somebody is done with the fields in `whole`: he is back where he was when they took the focus, such as in the text,
 * or at the button that opens them again. Who has gone on elsewhere meanwhile stays there.
 */
export function focusBack(drafts: Drafts, button: string, whole: Element | null): void {
  const { from } = drafts;
  drafts.from = null;
  const now = document.activeElement;
  if (now !== null && now !== document.body && whole?.contains(now) !== true) return;
  if (from?.isConnected === true && from.checkVisibility()) from.focus();
  else drafts.wanted = button;
}

function isField(element: HTMLElement): element is HTMLTextAreaElement | HTMLInputElement {
  return element instanceof HTMLTextAreaElement || element instanceof HTMLInputElement;
}
