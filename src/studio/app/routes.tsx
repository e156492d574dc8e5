import { Navigate, type RouteObject } from 'react-router';
import { RouteError } from './route-error.tsx';
import { RoutePending } from './route-pending.tsx';
import { Shell } from './shell.tsx';

/** Every screen is a chunk of its own, loaded when it is first opened. */
export const routes: RouteObject[] = [
  {
    path: '/',
    element: <Shell />,
    errorElement: <RouteError />,
    HydrateFallback: RoutePending,
    children: [
      {
        errorElement: <RouteError />,
        children: [
          { index: true, element: <Navigate to="/p/sample" replace /> },
          {
            path: 'projects',
            lazy: async () => ({ Component: (await import('../projects/screen.tsx')).ProjectsScreen }),
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
