import type { Role } from '../../src/domain/access/roles.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import type { Greeter, Guest } from '../sync/guest.ts';
import { type Access, type Admission, concerns } from './access.ts';
import type { Principal } from './principal.ts';

/**
 * Keys, links and sessions also run out, and another process may change roles: who stays is looked at anew from
 * time to time, each socket at its own.
 */
const LOOK_MS = 30_000;

/** Lets people into documents: with a ticket or a key, as far as their role reaches. */
export function greeterOf(access: Access): Greeter {
  return async (request, { project }) => {
    const principal = await access.authenticate(request);
    if (principal === null) return { code: CloseCode.unauthorized, reason: 'Sign in, or send an API key' };
    const standing = await access.standing(principal, { project });
    if (standing === null) return { code: CloseCode.projectNotFound, reason: 'There is no such project' };
    return guestOf(access, principal, project, standing);
  };
}

function guestOf(
  access: Access,
  principal: Principal,
  project: string,
  { workspace, role: first }: Admission,
): Guest {
  let role: Role | null = first;
  return {
    principal,
    role: () => role,
    onChange: (listener) => {
      let stopped = false;
      let looking: Promise<void> = Promise.resolve();
      // One after the other, so that an older answer never replaces a newer one.
      const look = (): void => {
        looking = looking
          .then(async () => {
            if (stopped) return;
            const now = await access.roleIn(principal, { project });
            if (stopped || now === role) return;
            role = now;
            listener();
          })
          .catch(() => undefined); // a database that does not answer changes no roles, and takes no edits either
      };
      const changes = access.onChange((change) => {
        if (concerns(change, principal, workspace)) look();
      });
      // With sign-in off nothing can change.
      const timer = access.mode === 'on' ? setInterval(look, LOOK_MS * (0.75 + Math.random() / 2)) : null;
      timer?.unref();
      if (access.mode === 'on') look(); // it may have changed since the socket was let in
      return {
        dispose: () => {
          stopped = true;
          changes.dispose();
          if (timer !== null) clearInterval(timer);
        },
      };
    },
  };
}
