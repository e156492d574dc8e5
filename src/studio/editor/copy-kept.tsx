import { Button, CopyButton } from '@mantine/core';

/** For a text that the server does not give out any more: what this machine has of it. */
export function CopyKept({ text }: { readonly text: string }) {
  if (text === '') return null;
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button variant="default" onClick={copy}>
          {copied ? 'Copied' : 'Copy the text kept here'}
        </Button>
      )}
    </CopyButton>
  );
}
