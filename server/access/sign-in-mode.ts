import { serverErrors } from '../errors.ts';

/** Whether people must sign in. */
export type SignInMode = 'off' | 'on';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether nobody but this machine reaches a name or address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * Off on loopback alone: there the person at the machine is the only one. On where the server is reached from
 * elsewhere: bound beyond loopback, where it cannot be turned off, or published by a proxy, where ANNEAL_AUTH=off
 * says that the proxy sees to it. Errors: badOption, signInNeeded.
 */
export function signInMode(options: {
  readonly host: string;
  readonly publicUrl: string | null;
  /** ANNEAL_AUTH. */
  readonly wish: string | undefined;
}): SignInMode {
  const { host, publicUrl, wish } = options;
  if (wish !== undefined && wish !== '' && wish !== 'on' && wish !== 'off') {
    throw serverErrors.badOption({
      where: 'ANNEAL_AUTH',
      message: `ANNEAL_AUTH is on or off, not "${wish}"`,
    });
  }
  const beyond = !isLoopback(host);
  if (beyond && wish === 'off') throw serverErrors.signInNeeded({ where: host });
  if (wish === 'on' || wish === 'off') return wish;
  return beyond || (publicUrl !== null && !isLoopback(new URL(publicUrl).hostname)) ? 'on' : 'off';
}
