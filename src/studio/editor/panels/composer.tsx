import { Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useRef, useState } from 'react';
import type { MentionedPerson } from '../../../domain/review/mentions.ts';
import { notifyError } from '../../shared/notify.tsx';
import { buttonOf, type Drafts } from '../review/drafts.ts';
import { focusBack, useWanted } from '../review/use-wanted.ts';
import { useWords } from '../review/use-words.ts';

/** Where somebody writes a comment; names behind an @ are offered while they are typed. */
export function Composer(props: {
  readonly label: string;
  readonly button: string;
  readonly people: readonly MentionedPerson[];
  readonly drafts: Drafts;
  /** Under what the words are kept until they are sent. */
  readonly words: string;
  /** Why it cannot be sent now; null where it can. What was written stays. */
  readonly blocked: string | null;
  readonly onSubmit: (text: string) => Promise<unknown>;
  /** It was thought better of: the words are gone. */
  readonly onCancel: () => void;
  /** For another time, with its words. */
  readonly onClose: () => void;
}) {
  const { label, people, drafts, words, blocked } = props;
  const [text, setText] = useWords(drafts, words);
  const [busy, setBusy] = useState(false);
  const whole = useRef<HTMLDivElement>(null);
  const area = useWanted<HTMLTextAreaElement>(drafts, words);
  const leave = (): void => focusBack(drafts, buttonOf(words), whole.current);
  const offered = offeredNames(text, people);
  const submit = async (): Promise<void> => {
    if (text.trim() === '' || busy || blocked !== null) return;
    setBusy(true);
    try {
      await props.onSubmit(text.trim());
      leave();
      setText(''); // also in the drafts, where the field is gone by now
    } catch (error) {
      notifyError(error); // what was written stays
    } finally {
      setBusy(false);
    }
  };
  const cancel = (): void => {
    setText('');
    leave();
    props.onCancel();
  };
  return (
    <Stack gap={6} mt={8} ref={whole}>
      <Textarea
        ref={area}
        aria-label={label}
        placeholder={`${label} …`}
        size="xs"
        autosize
        minRows={2}
        maxRows={10}
        maxLength={10_000}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void submit();
          if (event.key !== 'Escape') return;
          leave();
          props.onClose();
        }}
      />
      {offered.length > 0 && (
        <Group gap={4} role="group" aria-label="Mention">
          {offered.map((person) => (
            <Button
              key={person.id}
              size="compact-xs"
              variant="light"
              maw="100%"
              onClick={() => {
                setText(text.replace(TYPED, `@${person.name} `));
                area.current?.focus();
              }}
            >
              <Text span inherit truncate>
                @{person.name}
              </Text>
            </Button>
          ))}
        </Group>
      )}
      {blocked !== null && (
        <Text size="xs" c="dimmed" role="status">
          {blocked}
        </Text>
      )}
      <Group gap={6} justify="end">
        <Button size="compact-xs" variant="default" onClick={cancel}>
          Cancel
        </Button>
        <Button
          size="compact-xs"
          loading={busy}
          disabled={text.trim() === '' || blocked !== null}
          onClick={() => void submit()}
        >
          {props.button}
        </Button>
      </Group>
    </Stack>
  );
}

/** The end of what has been typed, from its last @ on. */
const TYPED = /@([\p{L}\p{N}_. -]{0,64})$/u;

/** Those whose name begins with what stands behind the @ that is being typed. */
export function offeredNames(text: string, people: readonly MentionedPerson[]): readonly MentionedPerson[] {
  const typed = TYPED.exec(text)?.[1]?.toLowerCase();
  if (typed === undefined) return [];
  return people
    .filter(({ name }) => name.toLowerCase().startsWith(typed) && name.length > typed.length)
    .slice(0, 5);
}
