import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server, type ServerOptions } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { serverErrors } from './errors.ts';

/** Paths of PEM files: the certificate with its chain, and its key. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface WebServer {
  readonly server: Server;
  /** Reads the certificate again, after it has been renewed; does nothing without TLS. Errors: badCertificate. */
  reloadCertificate(): void;
}

/** With TLS where there is a certificate, for those without a proxy in front. Errors: badCertificate. */
export function createWebServer(options: ServerOptions, tls: TlsFiles | null): WebServer {
  if (tls === null) return { server: createPlainServer(options), reloadCertificate: () => undefined };
  const server: TlsServer = createTlsServer({ ...options, ...pemOf(tls), minVersion: 'TLSv1.2' });
  // The two differ in their sockets alone, which nobody looks into.
  return {
    server: server as unknown as Server,
    reloadCertificate: () => server.setSecureContext(pemOf(tls)),
  };
}

function pemOf({ cert, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  try {
    const pem = { cert: readFileSync(cert), key: readFileSync(key) };
    createSecureContext(pem); // says now what the first visitor would meet
    return pem;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw serverErrors.badCertificate({
      where: cert,
      message: `${serverErrors.badCertificate.title}: ${why}`,
      cause,
    });
  }
}
