import { Button, Group, NumberInput, SimpleGrid, TagsInput } from '@mantine/core';
import { IconPlayerStop, IconSparkles } from '@tabler/icons-react';
import type { Drawing } from '../../domain/runs/ports.ts';
import { PromptFields } from './prompt-fields.tsx';

export const DEFAULT_DRAWING: Drawing = {
  max_new_tokens: 200,
  temperature: 0.8,
  top_k: 0,
  top_p: 0.95,
  seed: 1337,
  stop: [],
};

/** The settings of a generation, each with what it does. */
export function SamplingForm({
  prompts,
  onPrompts,
  value,
  onChange,
  busy,
  disabled,
  onStart,
  onStop,
}: {
  readonly prompts: readonly string[];
  readonly onPrompts: (prompts: readonly string[]) => void;
  readonly value: Drawing;
  readonly onChange: (value: Drawing) => void;
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onStart: () => void;
  readonly onStop: () => void;
}) {
  const number = (key: 'max_new_tokens' | 'temperature' | 'top_k' | 'top_p' | 'seed') => ({
    value: value[key],
    onChange: (next: number | string) => {
      if (typeof next === 'number') onChange({ ...value, [key]: next });
    },
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (!disabled && !busy) onStart();
      }}
    >
      <PromptFields value={prompts} onChange={onPrompts} />
      <SimpleGrid cols={{ base: 2, sm: 3 }} spacing="sm" mt="sm">
        <NumberInput
          label="New tokens"
          description="At most"
          min={1}
          max={100_000}
          allowDecimal={false}
          {...number('max_new_tokens')}
        />
        <NumberInput
          label="Temperature"
          description="0: always the likeliest"
          min={0}
          max={5}
          step={0.1}
          {...number('temperature')}
        />
        <NumberInput label="Top p" description="1: off" min={0.01} max={1} step={0.05} {...number('top_p')} />
        <NumberInput label="Top k" description="0: off" min={0} allowDecimal={false} {...number('top_k')} />
        <NumberInput
          label="Seed"
          description="Same seed, same text"
          min={0}
          allowDecimal={false}
          {...number('seed')}
        />
        <TagsInput
          label="Stop at"
          description="Texts that end it"
          value={[...value.stop]}
          onChange={(stop) => onChange({ ...value, stop })}
        />
      </SimpleGrid>
      <Group mt="md">
        {/* Two buttons, not one that changes under the pointer: a click on Stop would submit the form. */}
        {busy ? (
          <Button key="stop" variant="default" leftSection={<IconPlayerStop size={16} />} onClick={onStop}>
            Stop
          </Button>
        ) : (
          <Button key="write" type="submit" disabled={disabled} leftSection={<IconSparkles size={16} />}>
            Write
          </Button>
        )}
      </Group>
    </form>
  );
}
