import { Container, Title } from '@mantine/core';

export function ProjectsScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Projects</Title>
    </Container>
  );
}
