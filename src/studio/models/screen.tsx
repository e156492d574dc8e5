import { Container, Title } from '@mantine/core';

export function ModelsScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Models</Title>
    </Container>
  );
}
