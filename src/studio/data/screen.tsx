import { Container, Title } from '@mantine/core';

export function DataScreen() {
  return (
    <Container size="lg" py="lg">
      <Title order={2}>Data</Title>
    </Container>
  );
}
