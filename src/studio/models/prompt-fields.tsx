import { ActionIcon, Button, Stack, Textarea } from '@mantine/core';
import { IconPlus, IconX } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';

/** More than anybody compares. */
const MOST = 32;

/** The texts that the model goes on from: one, or several that are written side by side. */
export function PromptFields({
  value,
  onChange,
}: {
  readonly value: readonly string[];
  readonly onChange: (value: readonly string[]) => void;
}) {
  const newest = useRef<HTMLTextAreaElement>(null);
  const before = useRef(value.length);
  useEffect(() => {
    if (value.length > before.current) newest.current?.focus();
    before.current = value.length;
  }, [value.length]);
  const several = value.length > 1;
  return (
    <Stack gap="xs">
      {value.map((prompt, i) => (
        <Textarea
          // biome-ignore lint/suspicious/noArrayIndexKey: a prompt is its place, and two may read the same
          key={i}
          ref={i === value.length - 1 ? newest : null}
          label={several ? `Prompt ${i + 1}` : 'Prompt'}
          description={i === 0 ? 'The text that the model goes on from; Ctrl Enter writes' : undefined}
          autosize
          minRows={several ? 1 : 2}
          maxRows={8}
          value={prompt}
          onChange={(event) => onChange(value.with(i, event.currentTarget.value))}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
              event.currentTarget.form?.requestSubmit();
          }}
          rightSection={
            several && (
              <ActionIcon
                size="sm"
                aria-label={`Remove prompt ${i + 1}`}
                onClick={() => onChange(value.toSpliced(i, 1))}
              >
                <IconX size={14} />
              </ActionIcon>
            )
          }
        />
      ))}
      {value.length < MOST && (
        <Button
          size="compact-xs"
          variant="subtle"
          color="gray"
          leftSection={<IconPlus size={14} />}
          style={{ alignSelf: 'start' }}
          onClick={() => onChange([...value, ''])}
        >
          Add a prompt
        </Button>
      )}
    </Stack>
  );
}

/** Those to continue: fields that were left empty are not meant, unless all are. */
export function promptsOf(fields: readonly string[]): readonly string[] {
  const filled = fields.filter((prompt) => prompt !== '');
  return filled.length > 0 ? filled : [''];
}
