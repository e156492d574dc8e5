import { Button, Group, Stack, TextInput } from '@mantine/core';
import { modals } from '@mantine/modals';
import { type FormEvent, useState } from 'react';
import { AnnealError } from '../../../base/error.ts';
import { pathProblem } from '../../../protocol/names.ts';

/** Asks for a path; stays open with the reason while `onDone` rejects it. */
export function askForPath(options: {
  readonly title: string;
  readonly button: string;
  readonly initial: string;
  readonly taken: readonly string[];
  readonly onDone: (path: string) => Promise<void>;
}): void {
  const id = modals.open({
    title: options.title,
    children: <PathForm {...options} onClose={() => modals.close(id)} />,
  });
}

function PathForm(props: {
  readonly button: string;
  readonly initial: string;
  readonly taken: readonly string[];
  readonly onDone: (path: string) => Promise<void>;
  readonly onClose: () => void;
}) {
  const [path, setPath] = useState(props.initial);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const wanted = path.trim().normalize('NFC');
    if (wanted === props.initial) return props.onClose();
    const problem = props.taken.includes(wanted)
      ? 'There is a file with this path already.'
      : pathProblem(wanted);
    if (problem !== null) return setError(sentence(problem));
    setBusy(true);
    try {
      await props.onDone(wanted);
      props.onClose();
    } catch (thrown) {
      setError(thrown instanceof AnnealError ? `${sentence(thrown.message)} ${thrown.fix}` : String(thrown));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Stack>
        <TextInput
          label="Path in the project"
          description="Folders with /, such as experiments/small.yaml"
          value={path}
          error={error}
          data-autofocus
          spellCheck={false}
          onChange={(event) => {
            setPath(event.currentTarget.value);
            setError(null);
          }}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={props.onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={path.trim() === ''}>
            {props.button}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
}
