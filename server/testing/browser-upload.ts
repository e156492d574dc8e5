import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer } from '../server.ts';

/** What browser tests ask of Node: a real server behind a connection that breaks. */
export interface UploadStand {
  readonly url: string;
  readonly id: number;
}

interface Running {
  readonly sent: () => number;
  readonly cuts: () => number;
  readonly stop: () => Promise<void>;
}

const stands = new Map<number, Running>();

/**
 * Starts a server, and before it a proxy of another origin than the server's, as the pages of browser tests are:
 * it answers what browsers ask across origins, counts the bytes of bodies, and cuts connections in the middle of
 * them: the first after so many bytes, and so on.
 */
export async function startUploadStand(places: readonly number[]): Promise<UploadStand> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-'));
  const server = await startServer({
    port: 0,
    dataDir: folder,
    studio: { kind: 'none' },
    sampleConfig: 'project: stories\n',
  });
  const left = [...places];
  let sent = 0;
  let cuts = 0;
  const proxy = createServer((request, response) => {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-methods', '*');
    response.setHeader('access-control-allow-headers', '*');
    response.setHeader('access-control-expose-headers', '*');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    const { origin: _origin, host: _host, 'sec-fetch-site': _site, ...headers } = request.headers;
    const upstream = httpRequest(
      { port: server.port, host: '127.0.0.1', path: request.url, method: request.method, headers },
      (answer) => {
        for (const [name, value] of Object.entries(answer.headers)) {
          if (
            value !== undefined &&
            !name.startsWith('access-control') &&
            name !== 'cross-origin-resource-policy'
          )
            response.setHeader(name, value);
        }
        response.writeHead(answer.statusCode ?? 502);
        answer.pipe(response);
      },
    );
    upstream.on('error', () => response.destroy());
    request.on('data', (piece: Buffer) => {
      sent += piece.length;
      const [place] = left;
      if (place !== undefined && sent >= place) {
        left.shift();
        cuts++;
        request.destroy();
        upstream.destroy();
      } else if (!upstream.write(piece)) {
        request.pause();
        upstream.once('drain', () => request.resume());
      }
    });
    request.on('end', () => upstream.end());
    request.on('error', () => upstream.destroy());
    request.on('close', () => {
      if (!request.complete) upstream.destroy();
    });
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const id = stands.size;
  stands.set(id, {
    sent: () => sent,
    cuts: () => cuts,
    stop: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, id };
}

/** Bytes of bodies that came from the browser, and how often it was cut. */
export async function readUploadStand(id: number) {
  const stand = stands.get(id);
  return { sent: stand?.sent() ?? 0, cuts: stand?.cuts() ?? 0 };
}

export async function stopUploadStand(id: number): Promise<void> {
  await stands.get(id)?.stop();
}
