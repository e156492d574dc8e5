import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { documentKind, PROJECT_DOCUMENT } from '../../src/protocol/sync.ts';
import { greeterOf } from '../access/greeter.ts';
import { SessionLines } from '../audit/sessions.ts';
import { serverErrors } from '../errors.ts';
import { clientAddress } from '../http/client-address.ts';
import { createMetrics, type Metrics } from '../http/metrics.ts';
import { Enlisting } from '../projects/enlisting.ts';
import { Files } from '../projects/files.ts';
import { Lending } from '../projects/lending.ts';
import { Projects } from '../projects/projects.ts';
import { personOf } from '../review/person.ts';
import { Review } from '../review/review.ts';
import { defaultSyncLimits } from '../sync/limits.ts';
import { Rooms } from '../sync/rooms.ts';
import { SyncSockets } from '../sync/sockets.ts';
import type { People } from './people.ts';
import type { Starting } from './starting.ts';
import type { Storage } from './storage.ts';

/** What people write in: loaded while somebody needs it. */
export interface Documents {
  readonly metrics: Metrics;
  readonly rooms: Rooms;
  readonly projects: Projects;
  readonly files: Files;
  readonly lending: Lending;
  readonly review: Review;
  /** To be closed by whoever lets people in, before it stops to listen. */
  readonly sockets: SyncSockets;
}

/** Errors: sampleMissing. */
export async function openDocuments(
  { options, clock, log, closing }: Starting,
  { store, fanout, audit, artifacts }: Storage,
  { access }: People,
): Promise<Documents> {
  const sampleConfig = options.sampleConfig ?? (await readSample());
  const limits = { ...defaultSyncLimits, ...options.limits };
  const metrics = createMetrics();
  closing.add(() => metrics.close());
  const rooms = new Rooms(store, limits, metrics.sync, fanout);
  closing.add(() => rooms.close());
  await rooms.open();
  const projects = new Projects(store, rooms, clock, sampleConfig);
  const files = new Files(projects, rooms, store, artifacts, clock);
  const enlisting = new Enlisting((project, paths) =>
    files.enlist(project, paths).catch((error: AnnealError) => {
      // When the server stops in this very moment, the next start sees to it.
      if (error.code !== protocolErrors.shuttingDown.code)
        log(`Listing ${paths.join(', ')}: ${error.message}`);
    }),
  );
  closing.add(() => enlisting.close());
  rooms.onFirstText = (name) => enlisting.add(name);
  rooms.onDamaged = (error) => log(`${error.code} ${error.where}: ${error.message}`);
  const review = new Review({ rooms, files, store, clock, log, pauses: options.pauses });
  rooms.onRotate = (name, rotate) => review.followed(name, rotate);
  closing.add(() => review.watch.close());
  const lending = new Lending(store, rooms, access, limits.linkClaims);
  const lines = new SessionLines(audit);
  rooms.onEdited = (name, from, clients, says) => {
    lines.edited(name, from.guest);
    if (documentKind(name.path) !== 'text') return;
    const { principal } = from.guest;
    const who = () => (principal.kind === 'local' ? says() : personOf(principal, undefined));
    review.watch.edited(name, { who, socket: from }, clients);
  };
  rooms.writerOf = ({ project, path }, { guest }, update) =>
    path === PROJECT_DOCUMENT ? lending.writer(project, guest.principal, update) : undefined;
  for (const { id, workspace } of await projects.prepare()) {
    await audit.record({ actor: 'server', action: 'project.purged', target: `project=${id}`, workspace });
  }
  const sockets = new SyncSockets({
    rooms,
    doorkeeper: files,
    limits,
    greeter: lines.greeter(greeterOf(access)),
    metrics: metrics.sync,
    ipOf: (request) => clientAddress(request, options.publicUrl != null),
  });
  return { metrics, rooms, projects, files, lending, review, sockets };
}

async function readSample(): Promise<string> {
  const file = join(import.meta.dirname, '..', '..', 'recipes', 'stories.yaml');
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw serverErrors.sampleMissing({ where: file, cause });
  }
}
