import { useEffect, useRef, useState } from 'react';
import { useNavigate } from 'react-router';
import { RoutePending } from '../app/route-pending.tsx';
import { useServices } from '../app/services.ts';
import { LinkTrouble } from './link-trouble.tsx';
import { useSecret } from './secret.ts';
import { useAttempt } from './use-attempt.ts';

/** Where a share link leads: it is opened at once, by a request that no preview of the link makes. */
export function SharePage() {
  const { server, session } = useServices();
  const navigate = useNavigate();
  const { secret } = useSecret('anneal.share');
  const [turn, setTurn] = useState(0);
  const { error, run } = useAttempt();
  const open = useRef<() => Promise<unknown>>(async () => undefined);
  open.current = () =>
    run(async () => {
      const next = await server.access.openShare(secret);
      session.take(next);
      const project = next.guest?.project ?? null;
      void navigate(project === null ? '/projects' : `/p/${encodeURIComponent(project)}`, { replace: true });
    });
  const began = useRef(-1);
  useEffect(() => {
    if (secret === '' || began.current === turn) return;
    began.current = turn;
    void open.current();
  }, [secret, turn]);
  if (secret === '' || error !== null)
    return <LinkTrouble error={error} onAgain={() => setTurn((before) => before + 1)} />;
  return <RoutePending />;
}
