import type { Disposable } from '../../src/base/disposable.ts';
import { type Access, concerns } from './access.ts';
import type { Principal } from './principal.ts';

/**
 * Keys, links and sessions also run out, and another process may change roles: who stays is looked at anew from
 * time to time, each by himself.
 */
const LOOK_MS = 30_000;

/**
 * For whoever keeps a connection open: asks anew whenever what somebody may do in a workspace can have changed, and
 * once at the beginning, since it may have changed after he was let in.
 */
export function watchAccess<T>(
  access: Access,
  { principal, workspace }: { readonly principal: Principal; readonly workspace: string },
  ask: () => Promise<T>,
  told: (answer: T) => void,
): Disposable {
  let stopped = false;
  let looking: Promise<void> = Promise.resolve();
  // One after the other, so that an older answer never replaces a newer one.
  const look = (): void => {
    looking = looking
      .then(async () => {
        if (stopped) return;
        const answer = await ask();
        if (!stopped) told(answer);
      })
      .catch(() => undefined); // a database that does not answer changes no roles, and takes no edits either
  };
  const changes = access.onChange((change) => {
    if (concerns(change, principal, workspace)) look();
  });
  // With sign-in off nothing can change.
  const timer = access.mode === 'on' ? setInterval(look, LOOK_MS * (0.75 + Math.random() / 2)) : null;
  timer?.unref();
  if (access.mode === 'on') look();
  return {
    dispose: () => {
      stopped = true;
      changes.dispose();
      if (timer !== null) clearInterval(timer);
    },
  };
}
