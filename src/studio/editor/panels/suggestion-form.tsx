import { Button, Group, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { Run } from '../../../domain/runs/run.ts';
import type { WholeSuggestion } from '../../../protocol/http/review.ts';
import type { TextFile } from '../../../sdk/review.ts';
import { useServices } from '../../app/services.ts';
import { notifyError } from '../../shared/notify.tsx';
import {
  buttonOf,
  type Drafts,
  SUGGESTION,
  type SuggestionDraft,
  suggestionWords,
} from '../review/drafts.ts';
import { focusBack, useWanted } from '../review/use-wanted.ts';
import { useWords } from '../review/use-words.ts';
import { EditPreview } from './edit-preview.tsx';

/** Proposes a change: of the selection, or a fix of pre-flight; a run may speak for it. */
export function SuggestionForm(props: {
  readonly file: TextFile;
  readonly draft: SuggestionDraft;
  readonly drafts: Drafts;
  /** Why it cannot be sent now; null where it can. What was written stays. */
  readonly blocked: string | null;
  /** Null: it was thought better of. */
  readonly onDone: (suggestion: WholeSuggestion | null) => void;
}) {
  const { file, draft, drafts, blocked, onDone } = props;
  const { review: service } = useServices();
  const only = draft.edits.length === 1 ? draft.edits[0] : undefined;
  const [title, setTitle] = useWords(drafts, suggestionWords(draft, 'title'), draft.title);
  const [note, setNote] = useWords(drafts, suggestionWords(draft, 'note'), draft.note);
  const [text, setText] = useWords(drafts, suggestionWords(draft, 'text'), only?.newText ?? '');
  const [run, setRun] = useWords(drafts, suggestionWords(draft, 'run'));
  const [busy, setBusy] = useState(false);
  const newText = useWanted<HTMLTextAreaElement>(drafts, SUGGESTION);
  const whatFor = useWanted<HTMLInputElement>(drafts, SUGGESTION);
  const whole = useRef<HTMLDivElement>(null);
  const done = (suggestion: WholeSuggestion | null): void => {
    focusBack(drafts, buttonOf(SUGGESTION), whole.current);
    onDone(suggestion);
  };
  const runs = useRuns(file.project);
  const edits = only === undefined ? draft.edits : [{ ...only, newText: text }];
  const changesNothing = edits.every(({ oldText, newText }) => oldText === newText);
  const submit = async (): Promise<void> => {
    setBusy(true);
    try {
      const id = runs.find((one) => one.id === run)?.id ?? null;
      done(await service.suggest(file, { title: title.trim(), note: note.trim(), edits, run: id }));
    } catch (error) {
      notifyError(error);
      setBusy(false);
    }
  };
  return (
    <Stack
      ref={whole}
      gap={6}
      component="form"
      className="review-card"
      data-draft=""
      aria-label="New suggestion"
      onSubmit={(event) => {
        event.preventDefault();
        void submit();
      }}
    >
      {only === undefined ? (
        draft.edits.map((edit, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the edits of a draft never change
          <EditPreview key={index} oldText={edit.oldText} newText={edit.newText} />
        ))
      ) : (
        <>
          {only.oldText !== '' && <EditPreview oldText={only.oldText} newText="" />}
          <Textarea
            ref={newText}
            label="Instead"
            size="xs"
            autosize
            minRows={2}
            maxRows={12}
            styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }}
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </>
      )}
      <TextInput
        ref={whatFor}
        label="What it is good for"
        size="xs"
        maxLength={200}
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Textarea
        label="More about it"
        size="xs"
        autosize
        maxRows={6}
        maxLength={10_000}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      {runs.length === 0 ? (
        <Text size="xs" c="dimmed">
          A run can speak for it, once one has been trained here.
        </Text>
      ) : (
        <Select
          label="Evidence"
          description="A run whose result the others see beside it."
          size="xs"
          clearable
          placeholder="No run"
          data={runs.map(({ id, name }) => ({ value: id, label: name }))}
          value={run === '' ? null : run}
          onChange={(value) => setRun(value ?? '')}
        />
      )}
      {blocked !== null && (
        <Text size="xs" c="dimmed" role="status">
          {blocked}
        </Text>
      )}
      <Group gap={6} justify="end">
        <Button size="compact-xs" variant="default" onClick={() => done(null)}>
          Cancel
        </Button>
        <Button
          size="compact-xs"
          type="submit"
          loading={busy}
          disabled={title.trim() === '' || changesNothing || blocked !== null}
        >
          Suggest
        </Button>
      </Group>
    </Stack>
  );
}

/** The runs of this browser that have a result. */
function useRuns(project: string): readonly Run[] {
  const { runs } = useServices();
  const [found, setFound] = useState<readonly Run[]>([]);
  useEffect(() => {
    let over = false;
    runs.list({ project }).then(
      (listed) => over || setFound(listed.map(({ run }) => run).filter(({ step }) => step > 0)),
      () => undefined, // without a run it is a suggestion too
    );
    return () => {
      over = true;
    };
  }, [runs, project]);
  return found;
}
