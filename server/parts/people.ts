import { Access } from '../access/access.ts';
import { Accounts } from '../access/accounts.ts';
import type { Oidc, OidcOptions } from '../access/oidc.ts';
import type { SignInMode } from '../access/sign-in-mode.ts';
import { spreadAttempts, spreadRoleChanges } from '../access/spread.ts';
import { Throttle } from '../access/throttle.ts';
import { OIDC_PATH } from '../http/oidc-routes.ts';
import type { Founding } from '../http/workspace-handlers.ts';
import type { Starting } from './starting.ts';
import type { Storage } from './storage.ts';

/** Who may come in, and as what. */
export interface People {
  readonly access: Access;
  readonly accounts: Accounts;
  /** Null where nobody signs in by an identity provider. */
  readonly oidc: Oidc | null;
  readonly founding: Founding;
}

const MAX_WORKSPACES = 20;

/** Loaded where it is used. */
async function openOidc(options: OidcOptions): Promise<Oidc> {
  const { Oidc } = await import('../access/oidc.ts');
  return new Oidc(options);
}

export async function openPeople(
  { options, clock, closing }: Starting,
  { store, fanout }: Storage,
  mode: SignInMode,
): Promise<People> {
  const { publicUrl = null, tls = null } = options;
  const secure = publicUrl === null ? tls !== null : publicUrl.startsWith('https:');
  const oidc = options.oidc == null || mode === 'off' ? null : await openOidc(options.oidc);
  const access = new Access(store, clock, { mode, secure });
  const throttle = new Throttle(clock);
  const accounts = new Accounts(store, access, clock, {
    throttle,
    oidc: oidc === null ? null : { name: oidc.options.name, path: OIDC_PATH },
    behindProxy: publicUrl !== null,
  });
  await store.call('purgeAccess', { now: clock.now() });
  if (fanout !== null) {
    const roles = await spreadRoleChanges(access, fanout);
    closing.add(() => roles.stop());
    const attempts = await spreadAttempts(throttle, fanout);
    closing.add(() => attempts.stop());
  }
  const founding = {
    most: options.maxWorkspaces ?? MAX_WORKSPACES,
    allWelcome: oidc !== null && oidc.options.domains !== null,
  };
  return { access, accounts, oidc, founding };
}
