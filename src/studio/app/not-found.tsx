import { Button, Container, Group, Text, Title } from '@mantine/core';
import { Link, useLocation } from 'react-router';

export function NotFound() {
  const { pathname } = useLocation();
  return (
    <Container size="sm" py="xl">
      <Title order={2} mb="xs">
        There is no page here
      </Title>
      <Text c="dimmed" mb="lg" style={{ overflowWrap: 'anywhere' }}>
        Nothing answers to {pathname}. It may have been renamed or deleted.
      </Text>
      <Group>
        <Button component={Link} to="/p/sample">
          Open the sample project
        </Button>
        <Button component={Link} to="/projects" variant="default">
          All projects
        </Button>
      </Group>
    </Container>
  );
}
