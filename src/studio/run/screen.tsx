import { Container, Title } from '@mantine/core';

export function RunScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Run</Title>
    </Container>
  );
}
