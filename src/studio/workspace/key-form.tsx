import { Checkbox, Stack, TextInput } from '@mantine/core';
import { useState } from 'react';
import { type Scope, scopes } from '../../domain/access/roles.ts';
import type { SessionWorkspace } from '../app/use-workspace.ts';
import { MONTH } from './lasting.ts';
import { SecretForm } from './secret-form.tsx';
import { useKeys } from './use-access.ts';

export function KeyForm(props: { readonly workspace: SessionWorkspace; readonly onClose: () => void }) {
  const { create } = useKeys(props.workspace.id);
  const [name, setName] = useState('');
  const [granted, setGranted] = useState<Scope[]>(['read']);
  const made =
    create.data === undefined
      ? null
      : {
          title: 'The key is ready',
          label: 'Key',
          value: create.data.secret,
          about: 'Give it to the program that is to use it, as Authorization: Bearer, and to nobody else.',
        };
  return (
    <SecretForm
      title="New API key"
      button="Make the key"
      lasting={{ label: 'Works for', initial: MONTH, forever: true }}
      ready={name.trim() !== '' && granted.length > 0}
      busy={create.isPending}
      onSubmit={(lastingMs) => create.mutate({ name: name.trim(), scopes: granted, lastingMs })}
      made={made}
      onClose={props.onClose}
    >
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
            <Checkbox key={scope} size="sm" value={scope} label={scope} description={says} />
          ))}
        </Stack>
      </Checkbox.Group>
    </SecretForm>
  );
}
