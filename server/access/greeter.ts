import type { Role } from '../../src/domain/access/roles.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import type { Greeter, Guest } from '../sync/guest.ts';
import type { Access, Admission } from './access.ts';
import type { Principal } from './principal.ts';
import { watchAccess } from './watch.ts';

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
    onChange: (listener) =>
      watchAccess(
        access,
        { principal, workspace },
        () => access.roleIn(principal, { project }),
        (now) => {
          if (now === role) return;
          role = now;
          listener();
        },
      ),
  };
}
