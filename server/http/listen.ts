import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';
import { createGuard, type Guard, type GuardOptions } from './guard.ts';

/** Where the server is found. With --port 0 nobody knows it before it listens. */
export class Front {
  readonly #options: Omit<GuardOptions, 'port'>;
  #port = 0;
  #guard: Guard = () => protocolErrors.internal({ message: 'The server does not listen yet' });

  constructor(options: Omit<GuardOptions, 'port'>) {
    this.#options = options;
  }

  get port(): number {
    return this.#port;
  }

  /** Such as http://localhost:4600, without a slash at the end. */
  get url(): string {
    const { publicUrl, scheme, host } = this.#options;
    return publicUrl?.replace(/\/+$/, '') ?? `${scheme}://${nameOf(host)}:${this.#port}`;
  }

  /** Lets in who names this server. */
  readonly guard: Guard = (request) => this.#guard(request);

  /** Errors: portTaken, cannotListen. */
  listen(server: Server, port: number): Promise<void> {
    const { host } = this.#options;
    return new Promise((done, fail) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        const where = `${host}:${port}`;
        const make = error.code === 'EADDRINUSE' ? serverErrors.portTaken : serverErrors.cannotListen;
        fail(make({ where, message: `${make.title}: ${where}`, cause: error }));
      });
      server.listen({ host, port }, () => {
        this.#port = (server.address() as AddressInfo).port;
        this.#guard = createGuard({ ...this.#options, port: this.#port });
        done();
      });
    });
  }
}

/** Keep-alive connections are ended; requests that are being answered have ended with the app. */
export function closeServer(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });
}

/** The name that browsers treat as secure, where it leads to the same place. */
function nameOf(host: string): string {
  if (['127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'].includes(host)) return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
