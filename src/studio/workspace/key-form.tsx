import { Button, Checkbox, Group, Modal, Select, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type Scope, scopes } from '../../domain/access/roles.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { lastingChoices, lastingOf, MONTH } from './lasting.ts';
import { Once } from './once.tsx';
import { useKeys } from './use-access.ts';

export function KeyForm(props: { readonly workspace: SessionWorkspace; readonly onClose: () => void }) {
  const { create } = useKeys(props.workspace.id);
  const [name, setName] = useState('');
  const [granted, setGranted] = useState<Scope[]>(['read']);
  const [lasting, setLasting] = useState(MONTH);
  if (create.data !== undefined) {
    return (
      <Once
        title="The key is ready"
        label="Key"
        value={create.data.secret}
        about="Give it to the program that is to use it, as Authorization: Bearer, and to nobody else."
        onClose={props.onClose}
      />
    );
  }
  const ready = name.trim() !== '' && granted.length > 0;
  return (
    <Modal opened onClose={props.onClose} title="New API key">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !create.isPending)
            create.mutate({ name: name.trim(), scopes: granted, lastingMs: lastingOf(lasting) });
        }}
      >
        <Stack>
          <TextInput
            label="Name"
            placeholder="What it is for"
            maxLength={120}
            data-autofocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox.Group
            label="What it may do"
            labelProps={{ mb: 6 }}
            value={granted}
            onChange={(value) => setGranted(value as Scope[])}
          >
            <Stack gap={8}>
              {Object.entries(scopes).map(([scope, says]) => (
                <Checkbox key={scope} size="xs" value={scope} label={scope} description={says} />
              ))}
            </Stack>
          </Checkbox.Group>
          <Select
            label="Works for"
            data={[...lastingChoices]}
            value={lasting}
            allowDeselect={false}
            onChange={(value) => value !== null && setLasting(value)}
          />
          <Group justify="end">
            <Button variant="default" onClick={props.onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={!ready}>
              Make the key
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
