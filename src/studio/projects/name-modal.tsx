import { Button, Group, Modal, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useReturnFocus } from '../../ui/use-return-focus.ts';

/** Asks for a project's name. */
export function NameModal({
  title,
  action,
  initial,
  busy,
  onClose,
  onName,
}: {
  readonly title: string;
  readonly action: string;
  readonly initial: string;
  readonly busy: boolean;
  readonly onClose: () => void;
  readonly onName: (name: string) => void;
}) {
  const [name, setName] = useState(initial);
  useReturnFocus();
  const valid = name.trim().length > 0 && name.trim().length <= 120;
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (valid && !busy) onName(name.trim());
        }}
      >
        <TextInput
          label="Name"
          data-autofocus
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" disabled={!valid} loading={busy}>
            {action}
          </Button>
        </Group>
      </form>
    </Modal>
  );
}
