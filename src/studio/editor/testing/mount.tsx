import '@mantine/core/styles.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { type Services, ServicesContext } from '../../app/services.ts';

/** Draws a part of the studio on an empty page, with as much of the services as it asks for. */
export function mount(part: ReactNode, services: unknown = {}): { unmount(): void } {
  const host = document.body.appendChild(document.createElement('div'));
  const root = createRoot(host);
  root.render(
    <MantineProvider env="test">
      <QueryClientProvider client={new QueryClient()}>
        <ServicesContext value={services as Services}>{part}</ServicesContext>
      </QueryClientProvider>
    </MantineProvider>,
  );
  return {
    unmount() {
      root.unmount();
      host.remove();
    },
  };
}
