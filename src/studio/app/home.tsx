import { useState } from 'react';
import { Navigate } from 'react-router';
import { takeReturnPath } from './return-path.ts';
import { firstProject } from './use-current-project.ts';
import { useSession } from './use-session.ts';

/** The first page is the one that one was on before signing in, or the first project that one may see. */
export function Home() {
  const session = useSession();
  const [back] = useState(takeReturnPath);
  const project = firstProject(session);
  return (
    <Navigate to={back ?? (project === null ? '/projects' : `/p/${encodeURIComponent(project)}`)} replace />
  );
}
