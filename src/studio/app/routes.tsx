import type { RouteObject } from 'react-router';
import { Home } from './home.tsx';
import { RouteError } from './route-error.tsx';
import { RoutePending } from './route-pending.tsx';
import { SessionGate } from './session-gate.tsx';
import { Shell } from './shell.tsx';

/** Every screen is a chunk of its own, loaded when it is first opened. */
export const routes: RouteObject[] = [
  {
    path: '/invitation',
    errorElement: <RouteError />,
    HydrateFallback: RoutePending,
    lazy: async () => ({ Component: (await import('../front/invitation.tsx')).InvitationPage }),
  },
  {
    path: '/share',
    errorElement: <RouteError />,
    HydrateFallback: RoutePending,
    lazy: async () => ({ Component: (await import('../front/share.tsx')).SharePage }),
  },
  {
    path: '/',
    element: (
      <SessionGate>
        <Shell />
      </SessionGate>
    ),
    errorElement: <RouteError />,
    HydrateFallback: RoutePending,
    children: [
      {
        errorElement: <RouteError />,
        children: [
          { index: true, element: <Home /> },
          {
            path: 'projects',
            lazy: async () => ({ Component: (await import('../projects/screen.tsx')).ProjectsScreen }),
          },
          {
            path: 'settings/:workspace?',
            lazy: async () => ({ Component: (await import('../workspace/screen.tsx')).WorkspaceScreen }),
          },
          {
            path: 'p/:project',
            lazy: async () => ({ Component: (await import('../editor/screen.tsx')).EditorScreen }),
          },
          {
            path: 'p/:project/runs',
            lazy: async () => ({ Component: (await import('../runs/screen.tsx')).RunsScreen }),
          },
          {
            path: 'p/:project/runs/:run',
            lazy: async () => ({ Component: (await import('../run/screen.tsx')).RunScreen }),
          },
          {
            path: 'p/:project/data',
            lazy: async () => ({ Component: (await import('../data/screen.tsx')).DataScreen }),
          },
          {
            path: 'p/:project/models',
            lazy: async () => ({ Component: (await import('../models/screen.tsx')).ModelsScreen }),
          },
          { path: '*', lazy: async () => ({ Component: (await import('./not-found.tsx')).NotFound }) },
        ],
      },
    ],
  },
];
