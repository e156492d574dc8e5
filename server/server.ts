import type { AnnealError } from '../src/base/error.ts';
import { firstOwnerSecret } from './access/first-owner.ts';
import { signInMode } from './access/sign-in-mode.ts';
import { STRANGER } from './audit/line.ts';
import { Closing } from './closing.ts';
import { registerApi } from './http/api.ts';
import { createApp } from './http/app.ts';
import { clientAddress } from './http/client-address.ts';
import { limitConnections } from './http/connections.ts';
import { Gate } from './http/gate.ts';
import { createHandlers } from './http/handlers.ts';
import { closeServer, Front } from './http/listen.ts';
import { registerOidc } from './http/oidc-routes.ts';
import { createProbes } from './http/probes.ts';
import { serve } from './http/routing.ts';
import { storagePing } from './http/storage-ping.ts';
import type { RunningServer, ServerOptions } from './options.ts';
import { openDocuments } from './parts/documents.ts';
import { openPeople } from './parts/people.ts';
import { openStorage } from './parts/storage.ts';
import { startVite } from './studio/vite.ts';
import { defaultSyncLimits } from './sync/limits.ts';
import { createWebServer } from './tls.ts';

/**
 * Starts the studio, the sync server and the API on one port.
 * Errors: portTaken, cannotListen, dataInUse, dataDamaged, newerData, dataUnusable, studioMissing, sampleMissing,
 * signInNeeded, badOption, badCertificate, databaseUnreachable, databaseUnsafe, databaseShared, redisUnreachable,
 * masterKeyMissing, masterKeyWrong, auditKeyUnusable, artifactsUnusable.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log = (line) => console.error(line) } = options;
  const closing = new Closing();
  try {
    return await open(options, closing, log);
  } catch (error) {
    // What does not close after that is of interest only beside what went wrong first.
    await closing.close().catch((also: unknown) => log(`Closing what had been opened: ${also}`));
    throw error;
  }
}

/** From what lives longest to what lives shortest; the front is opened when there is something behind it. */
async function open(
  options: ServerOptions,
  closing: Closing,
  log: (line: string) => void,
): Promise<RunningServer> {
  const { host = '127.0.0.1', allowHosts = [], publicUrl = null, tls = null, studio } = options;
  const mode = signInMode({ host, publicUrl, wish: options.auth });
  const clock = { now: options.now ?? Date.now, elapsed: () => performance.now() };
  const starting = { options, clock, log, closing };
  const storage = await openStorage(starting);
  const people = await openPeople(starting, storage, mode);
  const documents = await openDocuments(starting, storage, people);
  const { store, audit } = storage;
  const { access, oidc } = people;
  const { rooms, sockets, metrics } = documents;

  const front = new Front({ host, allowHosts, publicUrl, scheme: tls === null ? 'http' : 'https' });
  const url = (): string => front.url;
  const { server, reloadCertificate } = createWebServer(
    {
      requestTimeout: 0, // body-time.ts gives each body its own
      headersTimeout: 60_000,
      keepAliveTimeout: 65_000,
      requireHostHeader: false, // the guard refuses it, with the headers that every answer has
    },
    tls,
  );
  limitConnections(server, publicUrl !== null, options.connections);
  const gate = new Gate({
    rates: { ...defaultSyncLimits, ...options.limits },
    turns: rooms.turns,
    ipOf: (request) => clientAddress(request, publicUrl !== null),
    limits: options.requests,
  });
  closing.add(() => gate.close());
  const ping = storagePing(store);
  const counts = () => ({ rooms: rooms.size, connections: sockets.size });
  const app = await createApp(server, {
    studio,
    log,
    gate,
    ...(options.bodyTimes === undefined ? {} : { times: options.bodyTimes }),
    routes: async (routes) => {
      const handlers = createHandlers({ ...storage, ...people, ...documents, clock, counts, ping, url });
      await registerApi(routes, handlers, { access, audit, gate });
      if (oidc !== null) registerOidc(routes, { ...people, oidc, audit, url, log });
    },
  });
  closing.add(() => closeServer(server));
  closing.add(() => app.close());
  closing.add(() => sockets.close());
  const vite = studio.kind === 'vite' ? await startVite(server, studio.root) : null;
  if (vite !== null) closing.add(() => vite.close());
  const counted = {
    connections: () => sockets.size,
    rooms: () => rooms.phases,
    epoch: () => store.epoch,
    lsn: () => store.lsn,
  };
  const { guard } = front;
  const probes = createProbes({
    isOpen: () => sockets.isOpen,
    ping,
    metrics: { contentType: metrics.contentType, read: () => metrics.read(counted) },
    access,
    guard,
    behindProxy: publicUrl !== null,
  });
  const onRefused = ({ code }: AnnealError): void => {
    void audit.note({ actor: STRANGER, action: 'request.refused', outcome: code });
  };
  serve(server, { gate, guard, onRefused, probes, app, sockets, vite, secure: access.secure });
  await front.listen(server, options.port);
  const secret =
    mode === 'on' ? await firstOwnerSecret(storage, clock.now(), options.inviteOwner === true) : null;
  return {
    url: front.url,
    port: front.port,
    auth: mode,
    ownerLink: secret === null ? null : `${front.url}/invitation#${secret}`,
    reloadCertificate,
    close: () => closing.close(),
  };
}
