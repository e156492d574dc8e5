import { ActionIcon, Group, TextInput, Title, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { useState } from 'react';
import type { Run } from '../../domain/runs/run.ts';
import { useServices } from '../app/services.ts';
import { notifyError } from '../shared/notify.tsx';

/** The run's name, which can be changed in place. */
export function RunName({ run }: { readonly run: Run }) {
  const { runs } = useServices();
  const [draft, setDraft] = useState<string | null>(null);
  if (draft === null)
    return (
      <Group gap={4} wrap="nowrap" miw={0}>
        <Title order={2} fz="h3" style={{ overflowWrap: 'anywhere' }}>
          {run.name}
        </Title>
        <Tooltip label="Rename">
          <ActionIcon aria-label="Rename" onClick={() => setDraft(run.name)}>
            <IconPencil size={16} stroke={1.6} />
          </ActionIcon>
        </Tooltip>
      </Group>
    );
  const finish = (): void => {
    const name = draft.trim();
    setDraft(null);
    if (name !== '' && name !== run.name) runs.rename(run.id, name).catch(notifyError);
  };
  return (
    <TextInput
      aria-label="Name of the run"
      value={draft}
      maxLength={200}
      autoFocus
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === 'Enter') finish();
        if (event.key === 'Escape') setDraft(null);
      }}
    />
  );
}
