import { AnnealError, toAnnealError } from '../../base/error.ts';
import type { ArtifactStore, ProjectFiles, RemoteArtifacts, Sha256 } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { Locks, SharedSettings } from '../../domain/runs/ports.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import { retryAfterMs } from '../../protocol/retry-after.ts';
import { type ArtifactState, type SyncState, together } from './state.ts';
import type { Moving, Transfers } from './transfers.ts';
import { createUnsent, unsentKey } from './unsent.ts';

export interface ArtifactSync {
  /** Keeps a project's artifacts in step with the server until the function is called that it gives back. */
  follow(project: string): () => void;
  state(): SyncState;
  subscribe(listener: () => void): () => void;
  /** Fetches what is larger than what is fetched unasked, or tries again what failed. */
  request(sha256: Sha256): void;
  /** The network may be back: tries at once. */
  wake(): void;
  close(): void;
}

interface Deps {
  /** Whose artifacts are sent; null where nobody signs in. */
  readonly person: string | null;
  /** Whether the server still takes this browser for that person. */
  readonly isHis: () => Promise<boolean>;
  readonly store: ArtifactStore;
  readonly remote: RemoteArtifacts;
  readonly transfers: Transfers;
  readonly files: (project: string) => Promise<ProjectFiles>;
  readonly settings: SharedSettings;
  readonly locks: Pick<Locks, 'tryHold'>;
  /** Calls back after so many milliseconds, unless the function is called that it gives back. */
  readonly after: (ms: number, work: () => void) => () => void;
  /** In [0, 1). */
  readonly random: () => number;
}

interface Item {
  readonly sha256: Sha256;
  readonly project: string;
  readonly bytes: number;
  here: boolean | null;
  server: boolean | null;
  moving: Moving | null;
  problem: AnnealError | null;
  /** Somebody asked for it, however large it is. */
  asked: boolean;
  /** Another tab moves it at the moment, or somebody else is still to send it: not before the next look. */
  elsewhere: boolean;
}

/** Larger ones are fetched when somebody asks for them: a project must not fill the disk of whoever looks at it. */
export const FETCH_UNASKED_BYTES = 64 * 1024 * 1024;
/** What the stores of this machine throw where bytes are not those of their hash (domain/artifacts/ports.ts). */
const DAMAGED = 'ANN-STO-003';
const LOOK_AGAIN_MS = 15_000;
const RETRY_MS = [1000, 2000, 5000, 15_000, 60_000];

/**
 * Sends what is here and not on the server, and fetches what is there and not here, one after another in the
 * background. Nothing is lost by a reload or without network: it is looked at anew, and uploads go on where
 * they stopped.
 */
export function createArtifactSync(deps: Deps): ArtifactSync {
  /** By project and hash: two projects may be of different workspaces. */
  const items = new Map<string, Item>();
  const listeners = new Set<() => void>();
  let online = true;
  let tries = 0;
  let working = false;
  let closed = false;
  /** What is on its way up when this ends would go on as the next one's. */
  const ending = new AbortController();
  let cancelTimer: (() => void) | null = null;
  let snapshot: SyncState = { artifacts: new Map(), online };

  const publish = (): void => {
    const artifacts = new Map<Sha256, ArtifactState>();
    for (const item of items.values()) artifacts.set(item.sha256, together(artifacts.get(item.sha256), item));
    snapshot = { artifacts, online };
    for (const listener of listeners) listener();
  };
  const later = (ms: number): void => {
    cancelTimer?.();
    cancelTimer = closed ? null : deps.after(ms, wake);
  };
  const wake = (): void => {
    for (const item of items.values()) item.elsewhere = false;
    void work();
  };
  const note = (sha256: Sha256, project: string, bytes: number): void => {
    const key = unsentKey(project, sha256);
    if (items.has(key)) return;
    const nothing = { here: null, server: null, moving: null, problem: null };
    items.set(key, { sha256, project, bytes, ...nothing, asked: false, elsewhere: false });
  };

  /** What can be done for an artifact now; null: nothing. */
  const nextFor = (item: Item): (() => Promise<void>) | null => {
    if (item.problem !== null || item.elsewhere) return null;
    if (item.here === null) return () => look(item);
    if (item.server === null || (!item.here && !item.server)) return () => ask(item);
    if (item.here && !item.server) return () => move(item, 'up');
    const wanted = item.asked || item.bytes <= FETCH_UNASKED_BYTES;
    return !item.here && wanted ? () => move(item, 'down') : null;
  };
  const look = async (item: Item): Promise<void> => {
    item.here = (await deps.store.stat(item.sha256)) !== null;
  };
  /** Of what came to the list while something else is on its way. */
  const lookAtAll = async (): Promise<void> => {
    const unknown = [...items.values()].filter(({ here, problem }) => here === null && problem === null);
    await Promise.all(unknown.map((item) => look(item).catch((thrown: unknown) => failed(item, thrown))));
  };
  const ask = async (item: Item): Promise<void> => {
    item.server = await deps.remote.has(item.sha256, { project: item.project });
    if (!item.server && item.here === false) item.elsewhere = true; // whoever has it is still to send it
    if (item.server) await sent(item);
    else if (item.here === true) await remember(item);
  };
  const move = async (item: Item, way: Moving['way']): Promise<void> => {
    const { sha256, project } = item;
    // Another tab of this browser does the same; one of them is enough.
    const held = await deps.locks.tryHold(`artifacts/${way}/${sha256}`, async () => {
      if (way === 'down') return (await deps.transfers.down(sha256, { project })) !== null;
      const { signal } = ending;
      return await deps.transfers.up(sha256, { project, signal }).catch((thrown) => mend(item, thrown));
    });
    if (held?.value === true) {
      item.here = true;
      item.server = true;
      await sent(item);
    } else {
      // Others were faster, or the copy here is no good: it is looked for anew, if another tab is at it, later.
      item.elsewhere = held === null;
      item.here = null;
      item.server = null;
    }
  };
  /** The server found other bytes than the hash names: are they still right here? A damaged copy goes. */
  const mend = async (item: Item, thrown: unknown): Promise<false> => {
    if (!(thrown instanceof AnnealError) || thrown.code !== protocolErrors.hashMismatch.code) throw thrown;
    const stream = await deps.store.open(item.sha256);
    try {
      if (stream !== null) for await (const _ of stream);
    } catch (damage) {
      if (!(damage instanceof AnnealError) || damage.code !== DAMAGED) throw damage;
      await deps.store.remove(item.sha256);
      await drop(item);
      return false;
    }
    throw thrown;
  };

  const work = async (): Promise<void> => {
    if (working || closed || !online) return; // `retry` comes when the server is asked again
    working = true;
    try {
      for (;;) {
        const next = [...items.values()].flatMap((item) => {
          const step = nextFor(item);
          return step === null ? [] : [{ item, step }];
        })[0];
        if (next === undefined || closed) break;
        await next.step().catch((thrown: unknown) => failed(next.item, thrown));
        publish();
        if (!online) return;
      }
      if ([...items.values()].some(({ elsewhere }) => elsewhere)) later(LOOK_AGAIN_MS);
    } finally {
      working = false;
    }
  };
  const failed = (item: Item, thrown: unknown): void => {
    const error = toAnnealError(thrown, protocolErrors.unreachable);
    item.moving = null;
    if (WAITS.has(error.code)) {
      online = false;
      if (item.here === true) void remember(item).catch(() => undefined);
      if (closed) return;
      const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)] ?? 0;
      cancelTimer?.();
      cancelTimer = deps.after(Math.max(wait * (0.5 + deps.random()), retryAfterMs(error)), retry);
    } else if (error.code === protocolErrors.projectNotFound.code) {
      // Nobody is to have it there. Should the project come back, whoever opens it notes its artifacts anew.
      items.delete(unsentKey(item.project, item.sha256));
      void dropHis(item).catch(() => undefined);
    } else if (error.code === runErrors.missingData.code) {
      item.server = null; // it went away between the question and the answer
      item.elsewhere = true;
    } else {
      item.problem = error;
    }
  };
  const retry = (): void => {
    online = true;
    wake();
  };

  const stopHearing = deps.transfers.subscribe((event) => {
    const concerned = [...items.values()].filter(({ sha256 }) => sha256 === event.sha256);
    for (const item of concerned) {
      item.moving = event.kind === 'moving' ? event.moving : null;
      if (event.kind === 'moving') tries = 0;
      if (event.kind === 'ended' && event.ok) {
        item.here = true;
        item.problem = null;
        if (item.server === false) item.server = null; // perhaps it was sent for another project's workspace
      }
    }
    if (concerned.length > 0) publish();
  });

  const unsent = createUnsent(deps.settings, deps.person);
  const remember = ({ project, sha256 }: Item) => unsent.add(unsentKey(project, sha256));
  const sent = ({ project, sha256 }: Item) => unsent.sent(unsentKey(project, sha256));
  const drop = ({ project, sha256 }: Item) => unsent.drop(unsentKey(project, sha256));
  /** Where it was somebody else to whom the server said no, it is still to be sent. */
  const dropHis = async (item: Item): Promise<void> => {
    if (await deps.isHis()) await drop(item);
  };
  const recall = async (keys: Promise<readonly string[]>): Promise<void> => {
    for (const key of await keys) {
      const [project = '', sha256 = ''] = key.split(' ');
      const here = await deps.store.stat(sha256);
      if (here !== null) note(sha256, project, here.bytes);
      else await unsent.drop(key); // there is nothing to send
    }
    await work();
  };
  // Storage that cannot be read says so where it is used; here there is then nothing to catch up on.
  recall(unsent.read()).catch(() => undefined);

  return {
    follow(project) {
      let over = false;
      let end: (() => void) | null = null;
      const read = (files: ProjectFiles): void => {
        for (const { sha256, bytes } of files.entries().values()) note(sha256, project, bytes);
        publish();
        void lookAtAll().then(publish);
        void work();
      };
      deps.files(project).then(
        (files) => {
          if (over) return;
          end = files.observe(() => read(files));
          read(files);
          recall(unsent.ofNobody(project)).catch(() => undefined);
        },
        () => undefined, // the project's own screen says what is wrong with it
      );
      return () => {
        over = true;
        end?.();
      };
    },
    state: () => snapshot,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    request(sha256) {
      for (const item of items.values()) {
        if (item.sha256 !== sha256) continue;
        Object.assign(item, { asked: true, problem: null, elsewhere: false, here: null, server: null });
      }
      retry();
    },
    wake: retry,
    close() {
      closed = true;
      ending.abort();
      cancelTimer?.();
      stopHearing();
    },
  };
}

/** What time mends, rather than somebody. */
const WAITS: ReadonlySet<string> = new Set(
  [
    protocolErrors.unreachable,
    protocolErrors.timeout,
    protocolErrors.shuttingDown,
    protocolErrors.tooManyRequests,
    protocolErrors.internal,
    protocolErrors.badResponse,
    protocolErrors.aborted,
    protocolErrors.notSignedIn,
  ].map(({ code }) => code),
);
