import { Alert, Button, Group, Kbd, Text } from '@mantine/core';
import { IconGitMerge } from '@tabler/icons-react';
import { useEffect, useMemo, useState } from 'react';
import { TextDiff } from './review/text-diff.tsx';
import type { OpenEditor } from './text-editor.tsx';
import type { MergeGuarding } from './use-merge-guard.ts';

/** For who has another part of the screen before him than the text. */
export function MergeHint({ onShow }: { readonly onShow: () => void }) {
  return (
    <Alert color="orange" radius={0} py={6} role="alert" icon={<IconGitMerge size={16} aria-hidden />}>
      <Group gap="xs" justify="space-between">
        <Text size="sm">{TITLE}.</Text>
        <Button size="compact-xs" variant="default" onClick={onShow}>
          Show it
        </Button>
      </Group>
    </Alert>
  );
}

const TITLE = 'Edits have met, and the config does not parse any more';

/** Over the text, for everybody who has it open. */
export function MergeNotice(props: { readonly guarding: MergeGuarding; readonly opened: OpenEditor }) {
  const { guarding, opened } = props;
  const { good, takeBack, moved, dismiss } = guarding;
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
      title={TITLE}
    >
      <Text size="sm">
        {moved
          ? 'The text has changed since: look at it, and take it back if you still want to.'
          : 'Changes of several people, each fine by itself, do not fit together. Problems says what is wrong.'}
      </Text>
      <Group gap="xs" mt="xs">
        {takeBack !== null && (
          <Button size="compact-xs" onClick={takeBack} rightSection={<Kbd size="xs">F9</Kbd>}>
            Take it back
          </Button>
        )}
        <Button size="compact-xs" variant="default" onClick={() => setLooking(true)}>
          Show the last good one
        </Button>
        <Button
          size="compact-xs"
          variant="subtle"
          onClick={() => {
            dismiss();
            opened.editor.focus();
          }}
        >
          {takeBack === null ? 'Hide' : 'I will mend it'}
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
            takeBack !== null
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
