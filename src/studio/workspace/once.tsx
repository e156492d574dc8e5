import { Alert, Button, CopyButton, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { IconCheck, IconCopy, IconEyeOff } from '@tabler/icons-react';

export interface OnceProps {
  readonly title: string;
  readonly label: string;
  readonly value: string;
  readonly about: string;
  readonly onClose: () => void;
}

/** A secret that nobody can be shown again: the server keeps its hash alone. */
export function Once(props: OnceProps) {
  return (
    <Modal opened onClose={props.onClose} title={props.title} closeOnClickOutside={false} size="lg">
      <Stack>
        <Text size="sm">{props.about}</Text>
        <Group align="end" gap="xs">
          <TextInput
            label={props.label}
            value={props.value}
            readOnly
            flex="1 1 220px"
            // At 14 px some browsers lose the underscores, which stand lowest, and with them half of a secret's look.
            styles={{
              input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13, lineHeight: '22px' },
            }}
            onFocus={(event) => event.currentTarget.select()}
          />
          <CopyButton value={props.value} timeout={4000}>
            {({ copied, copy }) => (
              <Button
                onClick={copy}
                data-autofocus
                variant={copied ? 'light' : 'filled'}
                leftSection={
                  copied ? <IconCheck size={16} aria-hidden /> : <IconCopy size={16} aria-hidden />
                }
              >
                {copied ? 'Copied' : 'Copy'}
              </Button>
            )}
          </CopyButton>
        </Group>
        <Alert color="yellow" icon={<IconEyeOff aria-hidden />} py="xs">
          <Text size="sm">It is shown this once. If it is lost, revoke it and make another.</Text>
        </Alert>
        <Group justify="end">
          <Button variant="default" onClick={props.onClose}>
            Done
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
