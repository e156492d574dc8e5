import { createDocuments } from '../../collab/documents.ts';
import { installPersonStyles } from '../../collab/monaco/styles.ts';
import { NO_PROFILES } from '../../domain/preflight/report.ts';
import { type Client, createClient } from '../../sdk/client.ts';
import { createTransfers } from '../../services/artifacts/transfers.ts';
import { createArtifactService } from '../../services/data/artifacts.ts';
import { createModelService } from '../../services/models/models.ts';
import { createReviewService } from '../../services/review/review.ts';
import { createRunVersions } from '../../services/review/run-versions.ts';
import type { RunDeps } from '../../services/runs/deps.ts';
import { createRunService } from '../../services/runs/runs.ts';
import { newRunId, resumeRun, type Started, startRun } from '../../services/runs/start.ts';
import { createStorageService } from '../../services/storage.ts';
import { openDatabase } from '../../storage/dexie/database.ts';
import { createDexieMetricStore } from '../../storage/dexie/metrics.ts';
import { createDexieRecordingStore } from '../../storage/dexie/recordings.ts';
import { createDexieRunStore } from '../../storage/dexie/runs.ts';
import { createDexieSettings, createDexieTimings } from '../../storage/dexie/settings.ts';
import { openDocumentStore } from '../../storage/documents/store.ts';
import { hasher } from '../../storage/hasher.ts';
import { createOpfsArtifactStore } from '../../storage/opfs/artifacts.ts';
import { createOpfsCheckpointStore } from '../../storage/opfs/checkpoint-store.ts';
import { createWebLocks } from '../../storage/web-locks.ts';
import { createPreparing } from '../shared/preparing.ts';
import { startArtifactSync } from './artifact-sync.ts';
import { createDeviceMonitor } from './device-monitor.ts';
import { createProfileStore } from './profile.ts';
import { remoteArtifacts } from './remote-artifacts.ts';
import type { Services } from './services.ts';
import { createSessionMonitor, watchSignedOut } from './session.ts';
import { sessionOwner, sessionProfile } from './session-profile.ts';
import { startData, startPreflight, startTrainer } from './workers.ts';

/** Makes the adapters and hands them to the services: the studio's one place that does. */
export function composeServices(): Services {
  installPersonStyles();
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const random = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const server: Client = createClient({
    fetch: watchSignedOut(
      (...request) => fetch(...request),
      () => void session.refresh(),
    ),
  });
  const session = createSessionMonitor(server.access, localStorage);
  void session.refresh();
  const said = createProfileStore(localStorage, Math.random, () => crypto.randomUUID());
  const profile = sessionProfile(said, session);
  const owner = sessionOwner(session);
  const locks = createWebLocks(navigator.locks);
  const documents = createDocuments({
    locks,
    store: openDocumentStore(),
    server: location.origin.replace(/^http/, 'ws'),
    profile,
    owner,
    now: clock.now,
    tickets: session.tickets,
    onConnected: () => runVersions.wake(),
    onSignedOut: () => void session.refresh(),
  });
  const database = openDatabase();
  const settings = createDexieSettings(database);
  const artifactStore = createOpfsArtifactStore(() => navigator.storage.getDirectory(), hasher, locks);
  const remote = remoteArtifacts(server.artifacts);
  const transfers = createTransfers(artifactStore, remote);
  const artifacts = createArtifactService(artifactStore, remote, transfers);
  const trainer = startTrainer();
  const preflight = startPreflight();
  const deps: RunDeps = {
    owner,
    runs: createDexieRunStore(database),
    metrics: createDexieMetricStore(database),
    recordings: createDexieRecordingStore(database),
    checkpoints: createOpfsCheckpointStore(),
    locks,
    trainer,
    check: async (text) => (await preflight.call('check', { text, profiles: NO_PROFILES })).diagnostics,
    artifacts,
    files: documents.files,
    clock,
    random,
  };
  const review = createReviewService({
    ...deps,
    hasher,
    client: server.review,
    self: () => profile.current(),
  });
  const runVersions = createRunVersions({
    ...deps,
    client: server.review,
    self: () => ({ id: profile.keeper(), name: profile.current().name }),
    settings,
    now: clock.now,
    after: (ms, work) => void setTimeout(work, ms),
  });
  profile.subscribe(() => runVersions.wake());
  const preparing = createPreparing();
  const over = (started: Started): Started => {
    const forget = (): void => preparing.report(started.run, null);
    started.ended.then(forget, forget);
    return started;
  };
  return {
    clock,
    runs: createRunService(deps),
    training: {
      preparing,
      async start(request, onProgress) {
        const run = request.run ?? newRunId(deps);
        const start = () =>
          startRun(deps, { ...request, run }, (progress) => {
            preparing.report(run, progress);
            onProgress?.(progress);
          });
        return over(await runVersions.with(run, start));
      },
      async resume(run, onProgress) {
        const started = await resumeRun(deps, run, {}, (progress) => {
          preparing.report(run, progress);
          onProgress?.(progress);
        });
        return over(started);
      },
    },
    models: createModelService(deps, artifactStore),
    artifacts,
    artifactSync: startArtifactSync({
      ...deps,
      owner,
      store: artifactStore,
      remote,
      transfers,
      settings,
    }),
    trainer,
    files: documents.files,
    documents,
    review,
    profile,
    session,
    preflight,
    texts: startData(),
    server,
    device: createDeviceMonitor(trainer, settings),
    timings: createDexieTimings(database),
    storage: createStorageService({
      quota: navigator.storage ?? null,
      artifacts: artifactStore,
      checkpoints: deps.checkpoints,
      runs: deps.runs,
    }),
  };
}
