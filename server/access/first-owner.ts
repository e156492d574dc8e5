import type { AuditLog } from '../audit/audit-log.ts';
import type { Store } from '../store/store.ts';
import { HOME_WORKSPACE } from './principal.ts';
import { hashOfSecret, newSecret } from './secrets.ts';

const LASTING_MS = 7 * 24 * 3600 * 1000;

/**
 * The secret of the invitation that creates the owner, null where there is one and nobody asked for another. It is made anew at every start
 * until somebody has used it, and the one before is worth nothing then.
 */
export async function firstOwnerSecret(
  { store, audit }: { readonly store: Store; readonly audit: AuditLog },
  now: number,
  another: boolean,
): Promise<string | null> {
  const hasOwner = await store.call('hasOwner', { workspace: HOME_WORKSPACE });
  if (hasOwner && !another) return null;
  const secret = newSecret();
  const expires = now + LASTING_MS;
  // Before there is such a link: whoever starts the server makes himself an owner by it, and others should see that.
  await audit.record({
    actor: 'server',
    action: 'owner.invited',
    workspace: HOME_WORKSPACE,
    detail: { hasOwner, expires },
  });
  await store.call('createInvitation', {
    id: 'first-owner',
    hash: hashOfSecret(secret),
    workspace: HOME_WORKSPACE,
    role: 'owner',
    created: now,
    expires,
  });
  return secret;
}
