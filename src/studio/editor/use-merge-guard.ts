import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { PreflightReport } from '../../domain/preflight/report.ts';
import {
  claims,
  guardStep,
  type MergeGuardEvent,
  NEW_GUARD,
  nextLook,
  toldGood,
} from '../../domain/review/merge-guard.ts';
import { useServices } from '../app/services.ts';
import type { Room } from '../app/use-room.ts';
import type { OpenEditor } from './text-editor.tsx';
import { useNotedMerge } from './use-noted-merge.ts';
import { useTakeBack } from './use-take-back.ts';

/** In the awareness of whoever is in the middle of breaking the config himself (domain/review/merge-guard.ts). */
const CLAIM = 'breaking';
/** Of so many texts an answer is still one about this file. */
const RECENT = 20;

export interface MergeGuarding {
  /** The text to go back to; null while there is nothing to tell. */
  readonly good: string | null;
  /** Of every check, also of texts that are older by now, or of another file. */
  readonly onReport: (report: PreflightReport, text: string) => void;
  /** Null for who may not edit. */
  readonly takeBack: (() => void) | null;
  /** The text has changed while it was to be taken back. */
  readonly moved: boolean;
  readonly dismiss: () => void;
}

/**
 * Notices when edits of several people, each of them sound, have met in a config that does not parse. `room` is null
 * where the text is no config: of that there is nothing to notice, and nothing is kept.
 */
export function useMergeGuard(room: Room | null, opened: OpenEditor | null, mayEdit: boolean): MergeGuarding {
  const { clock } = useServices();
  const guard = useRef(NEW_GUARD);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [good, setGood] = useState<string | null>(null);
  /** What does not parse, for as long as nothing is known to go back to. */
  const [broken, setBroken] = useState<string | null>(null);
  /** What was last checked: the first answer may come before the editor is known here. */
  const last = useRef<{ readonly text: string; readonly parses: boolean } | null>(null);
  /** Texts that stood in this editor, the newest last. */
  const recent = useRef<readonly string[]>([]);
  const latest = useRef({ room, opened });
  latest.current = { room, opened };

  const look = useCallback((): void => {
    clearTimeout(timer.current);
    const awareness = latest.current.room?.awareness;
    if (awareness === undefined) {
      setGood(null);
      return;
    }
    const now = clock.now();
    const claimed = claims(guard.current, now);
    if ((awareness.getLocalState()?.[CLAIM] === true) !== claimed)
      awareness.setLocalStateField(CLAIM, claimed);
    const othersClaim = [...awareness.getStates()].some(
      ([client, state]) => client !== awareness.clientID && state[CLAIM] === true,
    );
    setGood(toldGood(guard.current, othersClaim, now));
    const isLost = guard.current.brokenSince !== null && guard.current.good === null;
    setBroken(isLost ? (recent.current.at(-1) ?? null) : null);
    const wait = nextLook(guard.current, now);
    if (wait !== null) timer.current = setTimeout(look, wait);
  }, [clock]);
  const step = useCallback(
    (event: MergeGuardEvent): void => {
      guard.current = guardStep(guard.current, event);
      look();
    },
    [look],
  );

  useEffect(() => {
    guard.current = NEW_GUARD;
    setGood(null);
    setBroken(null);
    recent.current = [];
    if (room === null || opened === null || opened.model.isDisposed()) return;
    const { doc, awareness } = room;
    const { model } = opened;
    recent.current = [model.getValue()];
    const changes = model.onDidChangeContent(() => {
      recent.current = [...recent.current.slice(1 - RECENT), model.getValue()];
    });
    // Restored versions and accepted suggestions come from the server, as others' edits do.
    const onUpdate = (
      _update: unknown,
      _origin: unknown,
      _doc: unknown,
      { local }: { local: boolean },
    ): void => step({ kind: 'edited', by: local ? 'self' : 'others', at: clock.now() });
    if (last.current !== null && last.current.text === model.getValue())
      step({ kind: 'checked', ...last.current, current: true, at: clock.now() });
    doc.on('update', onUpdate);
    awareness.on('change', look);
    return () => {
      clearTimeout(timer.current);
      changes.dispose();
      doc.off('update', onUpdate);
      awareness.off('change', look);
      awareness.setLocalStateField(CLAIM, false);
    };
  }, [room, opened, step, look, clock]);

  const onReport = useCallback(
    (report: PreflightReport, text: string): void => {
      const parses = report.readable && report.config !== null;
      last.current = { text, parses };
      const { opened: open } = latest.current;
      // An answer about the file before this one says nothing of this one.
      if (open === null || open.model.isDisposed() || !recent.current.includes(text)) return;
      const current = open.model.getValue() === text;
      if (parses || current) step({ kind: 'checked', text, parses, current, at: clock.now() });
    },
    [step, clock],
  );
  const onFound = useCallback((text: string) => step({ kind: 'found', text }), [step]);
  useNotedMerge({ room, opened, broken, good, mayEdit, onFound });
  const { takeBack, moved } = useTakeBack({ room, opened, good, mayEdit });
  const dismiss = useCallback(() => step({ kind: 'dismissed' }), [step]);
  return useMemo(
    () => ({ good, onReport, takeBack, moved, dismiss }),
    [good, onReport, takeBack, moved, dismiss],
  );
}
