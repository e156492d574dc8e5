import { Container, Title } from '@mantine/core';

export function EditorScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Editor</Title>
    </Container>
  );
}
