import { Container, Title } from '@mantine/core';

export function RunsScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Runs</Title>
    </Container>
  );
}
