import type { IncomingMessage } from 'node:http';
import { networkInterfaces } from 'node:os';
import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';

/**
 * Who may talk to the server. Any web page can send requests to loopback, WebSockets ignore CORS, and a name can
 * be rebound to 127.0.0.1: so every request and every upgrade must name this server as its host, and where a
 * browser says which page it comes from, it must be a page of this server.
 */
export interface GuardOptions {
  /** Where the server listens. */
  readonly host: string;
  readonly port: number;
  readonly scheme: 'http' | 'https';
  /** Further names it goes by: `name` (any port) or `name:port`. */
  readonly allowHosts: readonly string[];
  /** Where a proxy publishes it, such as https://anneal.example.org. */
  readonly publicUrl: string | null;
}

export type Guard = (request: IncomingMessage) => AnnealError | null;

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

export function createGuard(options: GuardOptions): Guard {
  const hosts = new Set<string>();
  const names = new Set<string>();
  const origins = new Set<string>();
  const add = (name: string): void => {
    const bare = name.toLowerCase();
    hosts.add(`${bare}:${options.port}`);
    origins.add(`${options.scheme}://${bare}:${options.port}`);
    if (options.port === (options.scheme === 'http' ? 80 : 443)) {
      hosts.add(bare);
      origins.add(`${options.scheme}://${bare}`);
    }
  };
  for (const name of [...LOOPBACK, ...ownAddresses(options.host)]) add(name);
  for (const allowed of options.allowHosts.map((name) => name.toLowerCase())) {
    if (/:\d+$/.test(allowed)) hosts.add(allowed);
    else names.add(allowed);
  }
  if (options.publicUrl !== null) {
    const url = new URL(options.publicUrl);
    hosts.add(url.host);
    origins.add(url.origin);
  }
  const isOwnHost = (host: string): boolean => hosts.has(host) || names.has(host.replace(/:\d+$/, ''));
  const isOwnOrigin = (origin: string): boolean => {
    if (origins.has(origin)) return true;
    const match = /^https?:\/\/([^/]+)$/.exec(origin);
    return match?.[1] !== undefined && options.allowHosts.length > 0 && isAllowed(match[1]);
  };
  const isAllowed = (host: string): boolean =>
    names.has(host.replace(/:\d+$/, '')) ||
    options.allowHosts.some((allowed) => allowed.toLowerCase() === host);

  return ({ headers, method, url = '' }) => {
    const host = headers.host?.toLowerCase() ?? '';
    if (!isOwnHost(host)) {
      return protocolErrors.foreignHost({
        where: host,
        message: `The server does not go by the name "${host}"`,
      });
    }
    const { origin } = headers;
    if (origin !== undefined && !isOwnOrigin(origin.toLowerCase())) {
      return protocolErrors.foreignOrigin({ where: origin });
    }
    const site = headers['sec-fetch-site'];
    if (origin === undefined && (site === 'cross-site' || site === 'same-site')) {
      // Another port of localhost is the same site, yet another page. Following a link to the studio is fine.
      const link =
        method === 'GET' &&
        headers['sec-fetch-mode'] === 'navigate' &&
        headers['sec-fetch-dest'] === 'document';
      if (!link || /^\/(api|sync)(\/|$|\?)/.test(url))
        return protocolErrors.foreignOrigin({ where: `Sec-Fetch-Site: ${site}` });
    }
    return null;
  };
}

/** The address it listens on; for "all addresses", those of this machine. Numbers cannot be rebound, names can. */
function ownAddresses(host: string): string[] {
  const bracket = (address: string): string => (address.includes(':') ? `[${address}]` : address);
  if (host !== '0.0.0.0' && host !== '::') return [bracket(host)];
  return Object.values(networkInterfaces()).flatMap((list) =>
    (list ?? []).map(({ address }) => bracket(address)),
  );
}
