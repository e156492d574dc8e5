import { MantineProvider } from '@mantine/core';
import { ModalsProvider } from '@mantine/modals';
import { Notifications } from '@mantine/notifications';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { useState } from 'react';
import { createBrowserRouter, RouterProvider } from 'react-router';
import { theme } from '../../ui/theme.ts';
import { Recovery } from './recovery.tsx';
import { rememberQueries } from './remembered-queries.ts';
import { routes } from './routes.tsx';
import { type Services, ServicesContext } from './services.ts';
import { FollowSession } from './session-gate.tsx';
import { Updates } from './updates.tsx';

export function App({ services }: { readonly services: Services }) {
  const [router] = useState(() => createBrowserRouter(routes));
  const [queries] = useState(makeQueries);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <ServicesContext value={services}>
          <ModalsProvider>
            <Notifications position="bottom-right" zIndex={400} />
            <Updates />
            <Recovery />
            <FollowSession />
            <RouterProvider router={router} />
          </ModalsProvider>
        </ServicesContext>
      </QueryClientProvider>
    </MantineProvider>
  );
}

function makeQueries(): QueryClient {
  const queries = new QueryClient({
    // The server is on this machine or near it, and may be away: show what we have, ask once more.
    defaultOptions: { queries: { retry: 1, staleTime: 5_000, networkMode: 'always' } },
  });
  rememberQueries(queries, localStorage, ['projects']);
  return queries;
}
