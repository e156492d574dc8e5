import { useQueryClient } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense, useEffect, useRef } from 'react';
import { forgetQueries } from './remembered-queries.ts';
import { RoutePending } from './route-pending.tsx';
import { useServices } from './services.ts';
import { forgetCurrentProject } from './use-current-project.ts';
import { useSessionState } from './use-session.ts';

const SignInPage = lazy(async () => ({ default: (await import('../front/sign-in-page.tsx')).SignInPage }));
const SignInAgain = lazy(async () => ({ default: (await import('../front/sign-in-again.tsx')).SignInAgain }));
const NoWorkspace = lazy(async () => ({ default: (await import('../front/no-workspace.tsx')).NoWorkspace }));

/** The screens for whoever may see them, at the same addresses the way in for the others. */
export function SessionGate({ children }: { readonly children: ReactNode }) {
  const { session, asked, lost } = useSessionState();
  // The first visit waits for one answer; without a network what is here is shown.
  if (session === null) return asked ? children : <RoutePending />;
  const { auth, principal, workspaces, guest } = session;
  if (auth === 'on' && principal === null)
    return (
      <Suspense fallback={<RoutePending />}>
        <SignInPage />
      </Suspense>
    );
  if (principal?.kind === 'user' && workspaces.length === 0 && guest === null)
    return (
      <Suspense fallback={<RoutePending />}>
        <NoWorkspace />
      </Suspense>
    );
  return (
    <>
      {children}
      {lost !== null && (
        <Suspense>
          <SignInAgain />
        </Suspense>
      )}
    </>
  );
}

/** What was read for one person is not for another; what was refused to nobody is asked for again. */
export function FollowSession() {
  const { documents } = useServices();
  const queries = useQueryClient();
  const { session, lost } = useSessionState();
  const who = session?.principal?.id ?? null;
  const rights = JSON.stringify([who, lost === null, session?.workspaces, session?.guest]);
  const before = useRef({ who, rights });
  useEffect(() => {
    const earlier = before.current;
    before.current = { who, rights };
    if (earlier.rights === rights) return;
    if (earlier.who !== null && earlier.who !== who) {
      forgetQueries(localStorage);
      forgetCurrentProject();
      // An invitation that is open belongs to whoever opened it.
      void queries.resetQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'invitation' });
    } else void queries.invalidateQueries();
    documents.reconnect();
  }, [documents, queries, who, rights]);
  return null;
}
