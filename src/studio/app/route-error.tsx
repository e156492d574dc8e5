import { Anchor, Container, Stack } from '@mantine/core';
import { useRouteError } from 'react-router';
import { ErrorNotice } from '../../ui/error-notice.tsx';

/** What a screen threw, with a way on. The frame around it stays where it can. */
export function RouteError() {
  const error = useRouteError();
  return (
    <Container size="sm" py="xl">
      <Stack>
        <ErrorNotice error={error} />
        <Anchor href="/projects" size="sm">
          All projects
        </Anchor>
      </Stack>
    </Container>
  );
}
