import { Button, Group, Modal, Select, Stack } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useReturnFocus } from '../../ui/use-return-focus.ts';
import { lastingChoices, lastingOf } from './lasting.ts';
import { Once, type OnceProps } from './once.tsx';

/** Asks what a link or key is to be, for how long it works, and then shows its secret this once. */
export function SecretForm(props: {
  readonly title: string;
  readonly button: string;
  readonly lasting: {
    readonly label: string;
    readonly initial: string;
    /** Whether it may work until it is revoked. */
    readonly forever: boolean;
  };
  readonly ready: boolean;
  readonly busy: boolean;
  /** Null: until it is revoked. */
  readonly onSubmit: (lastingMs: number | null) => void;
  /** What came of it; null before. */
  readonly made: Omit<OnceProps, 'onClose'> | null;
  readonly onClose: () => void;
  readonly children: ReactNode;
}) {
  const { title, button, ready, busy, made, onClose } = props;
  const { label, initial, forever } = props.lasting;
  const [lasting, setLasting] = useState(initial);
  useReturnFocus();
  if (made !== null) return <Once {...made} onClose={onClose} />;
  return (
    <Modal opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (ready && !busy) props.onSubmit(lastingOf(lasting));
        }}
      >
        <Stack>
          {props.children}
          <Select
            label={label}
            data={lastingChoices.filter(({ value }) => forever || value !== 'never')}
            value={lasting}
            allowDeselect={false}
            onChange={(value) => value !== null && setLasting(value)}
          />
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={busy} disabled={!ready}>
              {button}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
