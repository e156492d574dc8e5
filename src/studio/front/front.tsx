import { Group, Stack, Text, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';
import { ColorSchemeMenu } from '../app/color-scheme-menu.tsx';
import './front.css';

/** The page of somebody who is not in yet: no frame around it, one thing to do. */
export function Front(props: {
  readonly title: string;
  readonly about?: ReactNode;
  readonly children?: ReactNode;
}) {
  const page = useRef<HTMLElement>(null);
  // There is nothing else to do here: whoever has no mouse at hand begins at once.
  useEffect(() => page.current?.querySelector<HTMLElement>('[data-autofocus]')?.focus(), []);
  return (
    <main className="front" ref={page}>
      <div className="front-corner">
        <ColorSchemeMenu />
      </div>
      <Stack className="front-card" gap="lg">
        <Group gap={8} wrap="nowrap">
          <img src="/icon.svg" alt="" width={24} height={24} />
          <Text fw={600}>Anneal</Text>
        </Group>
        <div>
          <Title order={1} fz="h3" style={{ overflowWrap: 'anywhere' }}>
            {props.title}
          </Title>
          {props.about !== undefined && (
            <Text c="dimmed" size="sm" mt={6} component="div">
              {props.about}
            </Text>
          )}
        </div>
        {props.children}
      </Stack>
    </main>
  );
}
