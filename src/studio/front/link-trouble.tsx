import { Button } from '@mantine/core';
import { Link } from 'react-router';
import { AnnealError } from '../../base/error.ts';
import { Front } from './front.tsx';
import { is } from './use-attempt.ts';

/** A link that leads nowhere, and why. */
export function LinkTrouble({ error, onAgain }: { readonly error: unknown; readonly onAgain: () => void }) {
  if (is(error, 'signInOff')) {
    return (
      <Front
        title="No link is needed here"
        about="Sign-in is off on this server: everybody who reaches it works here without one."
      >
        <Button component={Link} to="/">
          Open the studio
        </Button>
      </Front>
    );
  }
  if (error === null || is(error, 'linkInvalid') || is(error, 'badRequest')) {
    return (
      <Front
        title={error === null ? 'The link is not complete' : 'This link does not work any more'}
        about={
          error === null
            ? 'What stands behind its # is missing. Open it again from where you got it.'
            : 'It has run out, was used already, or was taken back. Ask whoever sent it for a new one.'
        }
      >
        <Button component={Link} to="/" variant="default">
          Open the studio
        </Button>
      </Front>
    );
  }
  return (
    <Front
      title={error instanceof Error ? error.message : String(error)}
      about={error instanceof AnnealError ? error.fix : 'Try again.'}
    >
      <Button onClick={onAgain}>Try again</Button>
    </Front>
  );
}
