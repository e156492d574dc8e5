import { readFile } from 'node:fs/promises';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import fastify, { type FastifyInstance } from 'fastify';
import type { AnnealError } from '../src/base/error.ts';
import { protocolErrors } from '../src/protocol/errors.ts';
import { documentKind } from '../src/protocol/sync.ts';
import { Access } from './access/access.ts';
import { Accounts } from './access/accounts.ts';
import { firstOwnerSecret } from './access/first-owner.ts';
import { greeterOf } from './access/greeter.ts';
import { Oidc, type OidcOptions } from './access/oidc.ts';
import { type SignInMode, signInMode } from './access/sign-in-mode.ts';
import { spreadAttempts, spreadRoleChanges } from './access/spread.ts';
import { Throttle } from './access/throttle.ts';
import { openArtifacts } from './artifacts/open.ts';
import type { BucketOptions } from './artifacts/s3/bucket.ts';
import { AuditLog } from './audit/audit-log.ts';
import { STRANGER } from './audit/line.ts';
import { auditKeyFile } from './audit/options.ts';
import { SessionLines } from './audit/sessions.ts';
import { controlOf } from './control/control.ts';
import { ControlServer } from './control/control-server.ts';
import { serverErrors } from './errors.ts';
import { registerApi, replyWithError } from './http/api.ts';
import { clientAddress } from './http/client-address.ts';
import { createGuard, type Guard } from './http/guard.ts';
import { createHandlers } from './http/handlers.ts';
import { commonHeaders, dataPolicy, developmentPolicy } from './http/headers.ts';
import { createMetrics } from './http/metrics.ts';
import { OIDC_PATH, registerOidc } from './http/oidc-routes.ts';
import { createProbes, type Probes } from './http/probes.ts';
import { refuse, refuseBytes, refuseSocket } from './http/refuse.ts';
import { Files } from './projects/files.ts';
import { Projects } from './projects/projects.ts';
import type { PauseTimes } from './review/edit-watch.ts';
import { personOf } from './review/person.ts';
import { Review } from './review/review.ts';
import { openStore } from './store/open.ts';
import { serveStudio } from './studio/static.ts';
import { startVite, type ViteStudio } from './studio/vite.ts';
import { defaultSyncLimits, type SyncLimits } from './sync/limits.ts';
import { Rooms } from './sync/rooms.ts';
import { SyncSockets } from './sync/sockets.ts';
import { createWebServer, type TlsFiles } from './tls.ts';
import type { MasterKeys } from './vault/master-key.ts';
import { openVault } from './vault/open-vault.ts';

export type Studio =
  /** A folder that `vite build` made. */
  | { readonly kind: 'dist'; readonly dir: string }
  /** The sources, with hot reload; `root` is the repository. */
  | { readonly kind: 'vite'; readonly root: string }
  | { readonly kind: 'none' };

export interface ServerOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** Everything that the server keeps and that is not kept elsewhere. */
  readonly dataDir: string;
  /** ANNEAL_DATABASE_URL; null or left out for SQLite in the folder. */
  readonly databaseUrl?: string | null;
  /** ANNEAL_REDIS_URL, where several servers use one PostgreSQL. */
  readonly redisUrl?: string | null;
  readonly studio: Studio;
  readonly allowHosts?: readonly string[];
  readonly publicUrl?: string | null;
  readonly maxArtifactBytes?: number;
  /** Artifacts of a workspace that has no limit of its own; left out: any number. */
  readonly quotaBytes?: number | null;
  /** Where artifacts lie instead of the data folder. */
  readonly bucket?: BucketOptions | null;
  /** ANNEAL_AUTH; left out: as where it listens demands. */
  readonly auth?: string | undefined;
  /** Makes a link for an owner also where there is one: for when he has lost his password. */
  readonly inviteOwner?: boolean;
  readonly tls?: TlsFiles | null;
  /** Signs the audit log; left out: a file in the data folder. */
  readonly auditKey?: string | null;
  /** Seals what is stored; left out: it is stored as it is. */
  readonly masterKeys?: MasterKeys | null;
  /** An identity provider that people may sign in with. */
  readonly oidc?: OidcOptions | null;
  readonly limits?: Partial<SyncLimits>;
  /** The config of the sample project; by default recipes/stories.yaml. */
  readonly sampleConfig?: string;
  /** When a text that is edited gets an automatic version. */
  readonly pauses?: PauseTimes;
  /** The wall clock, for tests. */
  readonly now?: () => number;
  readonly log?: (line: string) => void;
}

export interface RunningServer {
  /** Such as http://localhost:4600, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly auth: SignInMode;
  /** Creates an owner, once; null where there is one, or sign-in is off. */
  readonly ownerLink: string | null;
  /** After the certificate's files have been renewed. */
  reloadCertificate(): void;
  /** Sends everybody away and resolves when everything is on disk. */
  close(): Promise<void>;
}

const MAX_ARTIFACT_BYTES = 16 * 1024 ** 3;

/**
 * Starts the studio, the sync server and the API on one port.
 * Errors: portTaken, cannotListen, dataInUse, dataDamaged, newerData, dataUnusable, studioMissing, sampleMissing,
 * signInNeeded, badOption, badCertificate, databaseUnreachable, databaseUnsafe, databaseShared, redisUnreachable,
 * masterKeyMissing, masterKeyWrong, auditKeyUnusable.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host = '127.0.0.1', log = (line) => console.error(line) } = options;
  const limits = { ...defaultSyncLimits, ...options.limits };
  const { allowHosts = [], publicUrl = null, tls = null } = options;
  const mode = signInMode({ host, publicUrl, wish: options.auth });
  const undo: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const sampleConfig = options.sampleConfig ?? (await readSample());
    const folder = resolve(options.dataDir);
    const { databaseUrl = null, redisUrl = null } = options;
    const clock = { now: options.now ?? Date.now, elapsed: () => performance.now() };
    const { store: database, fanout } = await openStore({ folder, databaseUrl, redisUrl });
    undo.push(() => database.close());
    if (fanout !== null) undo.push(() => fanout.close());
    const { store, vault } = await openVault(database, clock, options.masterKeys ?? null);
    const audit = await AuditLog.open({ store, clock, log, keyFile: auditKeyFile(folder, options.auditKey) });
    undo.push(() => audit.close());
    const control = await ControlServer.open(
      folder,
      controlOf({
        ...{ store, vault, folder },
        record: (action, detail) => audit.record({ actor: 'server', action, detail }),
      }),
    );
    undo.push(async () => control?.close());
    const { artifacts, uploads, collector, ...opened } = await openArtifacts(store, clock, {
      dataDir: resolve(options.dataDir),
      maxBytes: options.maxArtifactBytes ?? MAX_ARTIFACT_BYTES,
      bucket: options.bucket ?? null,
      keys: vault?.keys ?? null,
      log,
      quotaBytes: options.quotaBytes ?? null,
      shared: fanout !== null,
    });
    undo.push(() => opened.close());
    const secure = publicUrl === null ? tls !== null : publicUrl.startsWith('https:');
    const oidc = options.oidc == null || mode === 'off' ? null : new Oidc(options.oidc);
    const access = new Access(store, clock, { mode, secure });
    const throttle = new Throttle(clock);
    const accounts = new Accounts(store, access, clock, {
      throttle,
      oidc: oidc === null ? null : { name: oidc.options.name, path: OIDC_PATH },
      behindProxy: publicUrl !== null,
    });
    await store.call('purgeAccess', { now: clock.now() });
    const metrics = createMetrics();
    undo.push(async () => metrics.close());
    const rooms = new Rooms(store, limits, metrics.sync, fanout);
    undo.push(() => rooms.close());
    await rooms.open();
    if (fanout !== null) {
      for (const spread of [
        await spreadRoleChanges(access, fanout),
        await spreadAttempts(throttle, fanout),
      ]) {
        undo.push(async () => spread.stop());
      }
    }
    const projects = new Projects(store, rooms, clock, sampleConfig);
    const files = new Files(projects, rooms, store, artifacts, clock);
    rooms.onFirstText = (name) => {
      files.enlist(name).catch((error: AnnealError) => {
        // When the server stops in this very moment, the next start sees to it.
        if (error.code !== protocolErrors.shuttingDown.code) log(`Listing ${name.path}: ${error.message}`);
      });
    };
    const review = new Review({ rooms, files, store, clock, log, pauses: options.pauses });
    undo.push(() => review.watch.close());
    const lines = new SessionLines(audit);
    rooms.onEdited = (name, guest, clients, says) => {
      lines.edited(name, guest);
      const { principal } = guest;
      if (documentKind(name.path) !== 'text') return;
      const who = () => (principal.kind === 'local' ? says() : personOf(principal, undefined));
      review.watch.edited(name, who, clients);
    };
    await projects.prepare();
    const sockets = new SyncSockets({
      rooms,
      doorkeeper: files,
      limits,
      greeter: lines.greeter(greeterOf(access)),
      metrics: metrics.sync,
      ipOf: (request) => clientAddress(request, publicUrl !== null),
    });

    const { server, reloadCertificate } = createWebServer(
      {
        requestTimeout: 0,
        headersTimeout: 60_000,
        keepAliveTimeout: 65_000,
        requireHostHeader: false, // the guard refuses it, with the headers that every answer has
      },
      tls,
    );
    let url = '';
    const counts = () => ({ rooms: rooms.size, connections: sockets.size });
    const app = await createApp(server, options.studio, log, async (instance) => {
      const kept = { artifacts, uploads, collector };
      const parts = {
        store,
        access,
        accounts,
        clock,
        projects,
        files,
        review,
        ...kept,
        counts,
        url: () => url,
      };
      await registerApi(instance, createHandlers(parts), { access, audit });
      if (oidc !== null) registerOidc(instance, { oidc, access, accounts, audit, url: () => url, log });
    });
    undo.push(async () => {
      await app.close();
      await closeServer(server);
    });
    undo.push(() => sockets.close());
    const port = await listen(server, host, options.port);
    const scheme = tls === null ? 'http' : 'https';
    url = publicUrl?.replace(/\/+$/, '') ?? `${scheme}://${nameOf(host)}:${port}`;
    const vite = options.studio.kind === 'vite' ? await startVite(server, options.studio.root) : null;
    if (vite !== null) undo.push(() => vite.close());
    const guard = createGuard({ host, port, allowHosts, publicUrl, scheme });
    const counted = {
      connections: () => sockets.size,
      rooms: () => rooms.phases,
      epoch: () => store.epoch,
      lsn: () => store.lsn,
    };
    const probes = createProbes({
      isOpen: () => sockets.isOpen,
      ping: () => store.call('ping', null),
      metrics: { contentType: metrics.contentType, read: () => metrics.read(counted) },
      access,
      guard,
      behindProxy: publicUrl !== null,
    });
    const onRefused = ({ code }: AnnealError): void => {
      void audit.note({ actor: STRANGER, action: 'request.refused', outcome: code });
    };
    serve(server, { guard, onRefused, probes, app, sockets, vite });
    const secret =
      mode === 'on' ? await firstOwnerSecret(store, clock.now(), options.inviteOwner === true) : null;
    const ownerLink = secret === null ? null : `${url}/invitation#${secret}`;
    return { url, port, auth: mode, ownerLink, reloadCertificate, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Routing {
  readonly guard: Guard;
  readonly onRefused: (error: AnnealError) => void;
  readonly probes: Probes;
  readonly app: FastifyInstance;
  readonly sockets: SyncSockets;
  readonly vite: ViteStudio | null;
}

/** The one place where requests and upgrades come in: nothing is reached but through the guard. */
function serve(server: Server, { guard, onRefused, probes, app, sockets, vite }: Routing): void {
  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(commonHeaders)) response.setHeader(name, value);
    response.setHeader('content-security-policy', dataPolicy); // pages and scripts say what they need
    if (probes(request, response) !== null) return;
    const refusal = guard(request);
    if (refusal !== null) {
      onRefused(refusal);
      return refuse(response, refusal, request);
    }
    if (vite === null || /^\/(api|signin)\//.test(request.url ?? '')) return app.routing(request, response);
    response.setHeader('content-security-policy', developmentPolicy);
    return vite.handle(request, response);
  });
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1); Node would answer it past the guard.
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
  server.prependListener('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => undefined);
    const refusal = guard(request);
    if (refusal !== null) {
      onRefused(refusal);
      return refuseSocket(socket, refusal);
    }
    if (request.url?.startsWith('/sync/') === true) return sockets.upgrade(request, socket, head);
    if (vite?.owns(request) !== true)
      refuseSocket(socket, protocolErrors.notFound({ where: request.url ?? '' }));
  });
}

async function createApp(
  server: Server,
  studio: Studio,
  log: (line: string) => void,
  routes: (app: FastifyInstance) => Promise<void>,
): Promise<FastifyInstance> {
  const app = fastify({
    // Requests come through `serve`, which hands them on.
    serverFactory: () => server,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 4096 },
    return503OnClosing: true,
    clientErrorHandler: refuseBytes,
    frameworkErrors: (error, request, reply) => replyWithError(error, request, reply, log),
  });
  app.setErrorHandler((error, request, reply) => replyWithError(error, request, reply, log));
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

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((done, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${host}:${port}`;
      const make = error.code === 'EADDRINUSE' ? serverErrors.portTaken : serverErrors.cannotListen;
      fail(make({ where, message: `${make.title}: ${where}`, cause: error }));
    });
    server.listen({ host, port }, () => done((server.address() as AddressInfo).port));
  });
}

/** Keep-alive connections are ended; requests that are being answered have ended with the app. */
function closeServer(server: Server): Promise<void> {
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

async function readSample(): Promise<string> {
  const file = join(import.meta.dirname, '..', 'recipes', 'stories.yaml');
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw serverErrors.sampleMissing({ where: file, cause });
  }
}
