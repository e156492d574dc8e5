import { Alert, Button, Group, Kbd, Text } from '@mantine/core';
import { IconGitMerge } from '@tabler/icons-react';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { PreflightReport } from '../../domain/preflight/report.ts';
import { lineEdits } from '../../domain/review/line-edits.ts';
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
import { TextDiff } from './review/text-diff.tsx';
import type { OpenEditor } from './text-editor.tsx';

/** In the awareness of whoever is in the middle of breaking the config himself (domain/review/merge-guard.ts). */
const CLAIM = 'breaking';

export interface MergeGuarding {
  /** The text to go back to; null while there is nothing to tell. */
  readonly good: string | null;
  /** Of every check, also of texts that are older by now. */
  readonly onReport: (report: PreflightReport, text: string) => void;
  readonly takeBack: () => void;
  readonly dismiss: () => void;
}

/** Notices when edits of several people, each of them sound, have met in a config that does not parse. */
export function useMergeGuard(room: Room | null, opened: OpenEditor | null): MergeGuarding {
  const { clock } = useServices();
  const guard = useRef(NEW_GUARD);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [good, setGood] = useState<string | null>(null);
  /** What was last checked: the first answer may come before the editor is known here. */
  const last = useRef<{ readonly text: string; readonly parses: boolean } | null>(null);
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
    if (room === null || opened === null) return;
    const { doc, awareness } = room;
    // Restored versions and accepted suggestions come from the server, as others' edits do.
    const onUpdate = (
      _update: unknown,
      _origin: unknown,
      _doc: unknown,
      { local }: { local: boolean },
    ): void => step({ kind: 'edited', by: local ? 'self' : 'others', at: clock.now() });
    if (last.current !== null && last.current.text === opened.model.getValue())
      step({ kind: 'checked', ...last.current, current: true, at: clock.now() });
    doc.on('update', onUpdate);
    awareness.on('change', look);
    return () => {
      clearTimeout(timer.current);
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
      if (open === null || open.model.isDisposed()) return;
      const current = open.model.getValue() === text;
      if (parses || current) step({ kind: 'checked', text, parses, current, at: clock.now() });
    },
    [step, clock],
  );
  const takeBack = useCallback((): void => {
    const { opened: open } = latest.current;
    if (open !== null && good !== null) writeOver(open, good);
  }, [good]);
  const dismiss = useCallback(() => step({ kind: 'dismissed' }), [step]);

  const takeBackNow = useRef(takeBack);
  takeBackNow.current = takeBack;
  useEffect(() => {
    if (opened === null) return;
    const action = opened.editor.addAction({
      id: 'anneal.take-back',
      label: 'Take the merge back',
      keybindings: [opened.monaco.KeyCode.F9],
      run: () => takeBackNow.current(),
    });
    return () => action.dispose();
  }, [opened]);
  return { good, onReport, takeBack, dismiss };
}

/** Makes the text that one, by editing the lines that differ: it can be undone, and merges with what others type. */
function writeOver({ editor, model }: OpenEditor, text: string): void {
  editor.pushUndoStop();
  editor.executeEdits(
    'anneal.take-back',
    lineEdits(model.getValue(), text).map(({ start, end, text: inserted }) => {
      const [from, to] = [model.getPositionAt(start), model.getPositionAt(end)];
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
  editor.pushUndoStop();
}

/** Over the text, for everybody who has it open. */
export function MergeNotice(props: {
  readonly guarding: MergeGuarding;
  readonly opened: OpenEditor;
  readonly mayEdit: boolean;
}) {
  const { guarding, opened, mayEdit } = props;
  const { good, takeBack, dismiss } = guarding;
  const [looking, setLooking] = useState(false);
  const sides = useMemo(() => ({ before: good ?? '', after: null, authors: null }), [good]);
  // What is told next time is told closed.
  useEffect(() => {
    if (good === null) setLooking(false);
  }, [good]);
  if (good === null) return null;
  return (
    <Alert
      color="orange"
      radius={0}
      py="xs"
      role="alert"
      icon={<IconGitMerge size={18} aria-hidden />}
      title="Edits have met, and the config does not parse any more"
    >
      <Text size="sm">Nobody is in the middle of a line. Problems says what is wrong.</Text>
      <Group gap="xs" mt="xs">
        {mayEdit && (
          <Button size="compact-xs" onClick={takeBack} rightSection={<Kbd size="xs">F9</Kbd>}>
            Take it back
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={() => setLooking(true)}>
          Show the last good one
        </Button>
        <Button size="compact-xs" variant="subtle" onClick={dismiss}>
          I mend it
        </Button>
      </Group>
      {looking && (
        <TextDiff
          title="The last config that parsed, and the text as it is now"
          about=""
          sides={sides}
          opened={opened}
          onClose={() => setLooking(false)}
          action={
            mayEdit
              ? {
                  label: 'Take it back',
                  run: () => {
                    setLooking(false);
                    takeBack();
                  },
                }
              : null
          }
        />
      )}
    </Alert>
  );
}
