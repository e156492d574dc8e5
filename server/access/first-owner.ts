import type { Store } from '../store/store.ts';
import { HOME_WORKSPACE } from './principal.ts';
import { hashOfSecret, newSecret } from './secrets.ts';

const LASTING_MS = 7 * 24 * 3600 * 1000;

/**
 * The secret of the invitation that creates the owner, null where there is one and nobody asked for another. It is made anew at every start
 * until somebody has used it, and the one before is worth nothing then.
 */
export async function firstOwnerSecret(store: Store, now: number, another: boolean): Promise<string | null> {
  if (!another && (await store.call('hasOwner', { workspace: HOME_WORKSPACE }))) return null;
  const secret = newSecret();
  await store.call('createInvitation', {
    id: 'first-owner',
    hash: hashOfSecret(secret),
    workspace: HOME_WORKSPACE,
    role: 'owner',
    created: now,
    expires: now + LASTING_MS,
  });
  return secret;
}
