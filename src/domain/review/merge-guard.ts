/**
 * Two edits, each of which left the config sound where it was made, can meet and leave one that does not parse.
 * This notices it: as (state, event) -> state, one of these for each editor that is open on the text.
 *
 * Somebody who is in the middle of typing also leaves a text that does not parse, and nobody else needs to hear
 * of that. So whoever breaks the text with edits of his own says so (`claims`, told to the others), and the
 * guard is silent as long as anybody does. A merge breaks it for everybody and nobody claims it.
 */
export interface MergeGuard {
  /** The last text that parsed here; null until there was one. */
  readonly good: string | null;
  /** When the text was first found not to parse; null while it does. */
  readonly brokenSince: number | null;
  /** When this person last edited since the text parsed; null where not at all. */
  readonly ownEdit: number | null;
  /** Whether others edited since. */
  readonly othersEdited: boolean;
  /** Somebody looked at it and wants to mend it by hand. */
  readonly dismissed: boolean;
}

export type MergeGuardEvent =
  | { readonly kind: 'edited'; readonly by: 'self' | 'others'; readonly at: number }
  /** The outcome of a check; `current`: nothing has been edited since the text that was checked. */
  | {
      readonly kind: 'checked';
      readonly text: string;
      readonly parses: boolean;
      readonly current: boolean;
      readonly at: number;
    }
  /** Somebody who was there when edits met has left the last good text for those who come to what they made. */
  | { readonly kind: 'found'; readonly text: string }
  | { readonly kind: 'dismissed' };

export const NEW_GUARD: MergeGuard = {
  good: null,
  brokenSince: null,
  ownEdit: null,
  othersEdited: false,
  dismissed: false,
};

/** Who edits beside others is given so long after the last key before the broken text counts as a merge. */
export const TYPING_MS = 3_000;
/** So long the others have to say that it is their typing. */
export const SETTLE_MS = 1_000;

export function guardStep(guard: MergeGuard, event: MergeGuardEvent): MergeGuard {
  switch (event.kind) {
    case 'edited':
      return event.by === 'self' ? { ...guard, ownEdit: event.at } : { ...guard, othersEdited: true };
    case 'checked':
      if (!event.parses) return { ...guard, brokenSince: guard.brokenSince ?? event.at };
      return {
        good: event.text,
        brokenSince: null,
        ownEdit: event.current ? null : guard.ownEdit,
        othersEdited: event.current ? false : guard.othersEdited,
        dismissed: false,
      };
    case 'found':
      // Whoever has seen a good one himself goes back to that.
      if (guard.brokenSince === null || guard.good !== null) return guard;
      return { ...guard, good: event.text, othersEdited: true };
    case 'dismissed':
      return { ...guard, dismissed: true };
  }
}

/** Whether to tell the others that the broken text is this person's own doing. */
export function claims(guard: MergeGuard, now: number): boolean {
  const { brokenSince, ownEdit, othersEdited } = guard;
  if (brokenSince === null || ownEdit === null) return false;
  return !othersEdited || now - ownEdit < TYPING_MS;
}

/** The text to go back to, where it is time to say so; null where there is nothing to say. */
export function toldGood(guard: MergeGuard, othersClaim: boolean, now: number): string | null {
  const { good, brokenSince, othersEdited, dismissed } = guard;
  if (good === null || brokenSince === null || !othersEdited || dismissed) return null;
  if (othersClaim || claims(guard, now) || now - brokenSince < SETTLE_MS) return null;
  return good;
}

/** Milliseconds until the answers above may differ without any event; null where they will not. */
export function nextLook(guard: MergeGuard, now: number): number | null {
  const { brokenSince, ownEdit, othersEdited } = guard;
  if (brokenSince === null || !othersEdited) return null;
  const moments = [brokenSince + SETTLE_MS, ...(ownEdit === null ? [] : [ownEdit + TYPING_MS])];
  const ahead = moments.map((at) => at - now).filter((ms) => ms > 0);
  return ahead.length === 0 ? null : Math.min(...ahead);
}
