import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';
import { policyFor } from '../http/headers.ts';

/** Serves the built studio; addresses of screens, which are no files, get its page. Errors: studioMissing. */
export async function serveStudio(app: FastifyInstance, folder: string): Promise<void> {
  const root = resolve(folder);
  if (!existsSync(join(root, 'index.html'))) throw serverErrors.studioMissing({ where: root });
  await app.register(fastifyStatic, {
    root,
    preCompressed: true,
    cacheControl: false,
    setHeaders: (reply, file) => {
      const path = relative(root, file)
        .split(sep)
        .join('/')
        .replace(/\.(br|gz)$/, '');
      reply.header('cache-control', cachingOf(path));
      reply.header('content-security-policy', policyFor(path));
    },
  });
  app.setNotFoundHandler((request, reply) => {
    const [path = '/'] = request.url.split('?', 1);
    const isScreen = (request.method === 'GET' || request.method === 'HEAD') && isScreenPath(path);
    if (!isScreen) throw protocolErrors.notFound({ where: request.url });
    return reply.sendFile('index.html');
  });
}

/** Only what has its hash in its name never changes. */
function cachingOf(path: string): string {
  return /^assets\/.+-[\w-]{8,}\.\w+$/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache';
}

/** A missing script must not be answered with a page. File names may be part of a screen's address. */
function isScreenPath(path: string): boolean {
  if (/^\/(api|sync)(\/|$)/.test(path)) return false;
  return (
    !path.startsWith('/assets/') && !/\.(js|mjs|css|map|wasm|webmanifest|ico|png|svg|woff2?)$/.test(path)
  );
}
