import type { Server } from 'node:http';
import fastify, { type FastifyInstance } from 'fastify';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { USUAL_JSON_BYTES } from '../../src/protocol/http/operation.ts';
import type { Studio } from '../options.ts';
import { serveStudio } from '../studio/static.ts';
import { holdAnswers } from './answers.ts';
import { replyWithError } from './api.ts';
import { type BodyTimes, bodyTimes, timeBodies } from './body-time.ts';
import type { Gate } from './gate.ts';
import { refuseBytes } from './refuse.ts';

export interface AppParts {
  readonly studio: Studio;
  readonly log: (line: string) => void;
  /** Registers what is behind an address. */
  readonly routes: (app: FastifyInstance) => Promise<void>;
  readonly times?: BodyTimes;
  readonly gate: Gate;
}

/** What answers the requests that the guard let pass. Errors: studioMissing. */
export async function createApp(
  server: Server,
  { studio, log, routes, gate, times = bodyTimes }: AppParts,
): Promise<FastifyInstance> {
  const app = fastify({
    // Requests come through `serve`, which hands them on.
    serverFactory: () => server,
    bodyLimit: USUAL_JSON_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096 },
    return503OnClosing: true,
    clientErrorHandler: refuseBytes,
    frameworkErrors: (error, request, reply) => replyWithError(error, request, reply, log),
  });
  app.setErrorHandler((error, request, reply) => replyWithError(error, request, reply, log));
  timeBodies(app, times, gate);
  holdAnswers(app, times, gate);
  await routes(app);
  if (studio.kind === 'dist') {
    await serveStudio(app, studio.dir);
  } else {
    app.setNotFoundHandler((request) => {
      throw protocolErrors.notFound({ where: request.url });
    });
  }
  await app.ready();
  return app;
}
