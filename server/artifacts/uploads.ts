import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { MemoryLocker, Server, Upload } from '@tus/server';
import type { Clock } from '../../src/base/clock.ts';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import type { ArtifactKey } from '../store/requests/artifact-uploads.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { Leases } from './lease.ts';
import { asAnneal, asTus } from './tus-error.ts';
import { announcedUpload, clientOf, patchHead } from './upload-head.ts';

/** Who sends what. */
export interface Sender {
  /** Of the upload; its hash may have a suffix, so that it is nobody else's. */
  readonly key: ArtifactKey;
  /** Of the artifact that it becomes. */
  readonly artifact: ArtifactKey;
  /** Whether he may know that the workspace has it already; else he sends all of it. */
  readonly sees: boolean;
  /** What he sends now. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Asked before the artifact is the workspace's; throws where he may not send it any more. */
  mayStill(): Promise<void>;
  /** Called when all bytes have come and are right. */
  sent(): Promise<void>;
}

/** An upload that nobody continued for so long is forgotten. */
const KEEP_UPLOADS_MS = 7 * 24 * 3600 * 1000;
/** A request whose place another takes has this long to write down what has arrived. */
const DRAIN_MS = 200;

/**
 * Resumable uploads by the tus protocol 1.0.0. An upload is named by the hash of what it will be, so that whoever
 * has the file finds it again: after a reload, in another tab, in a worker, without having kept an address.
 */
export class Uploads {
  readonly #artifacts: ArtifactStore;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #leases: Leases;
  readonly #tus: Server;
  /** Which upload a request is about; the address alone does not say whose. */
  readonly #asked = new WeakMap<Request, Sender>();
  /** Uploads whose bytes are being hashed. */
  readonly #finishing = new Map<string, Promise<void>>();
  /** Uploads that are being begun or forgotten, and by how many. */
  readonly #changing = new Map<string, Set<Promise<unknown>>>();

  constructor(artifacts: ArtifactStore, store: Store, clock: Clock) {
    this.#artifacts = artifacts;
    this.#store = store;
    this.#clock = clock;
    this.#leases = new Leases(store, clock);
    const asked = (request: Request): Sender => {
      const found = this.#asked.get(request);
      if (found === undefined) throw new Error('a request came to tus past its door');
      return found;
    };
    this.#tus = new Server({
      path: `${API_PREFIX}/uploads`,
      datastore: artifacts.incoming.uploads,
      locker: new MemoryLocker(),
      lockDrainTimeout: DRAIN_MS,
      maxSize: artifacts.maxBytes,
      allowedOrigins: () => false, // the guard knows which pages may ask
      getFileIdFromRequest: (request) => this.#idOf(asked(request).key),
      onUploadFinish: async (request) => {
        try {
          await this.#finish(asked(request));
        } catch (error) {
          throw asTus(error);
        }
        return {};
      },
      onResponseError: (_request, error) => asTus(error),
    });
  }

  /** POST: begins the upload that the head announces, or takes up the one that has begun. */
  async create(sender: Sender, query: string, request: IncomingMessage, response: ServerResponse) {
    const { key, artifact } = sender;
    const { bytes } = announcedUpload(request);
    const address = `${API_PREFIX}/uploads/${artifact.sha256}${query}`;
    if (bytes === 0) {
      await this.#artifacts.put(artifact, Readable.from([]), 0, () => sender.mayStill());
      await sender.sent();
    }
    if (bytes === 0 || (await this.#there(sender)) !== null)
      return answer(response, 201, { location: address });
    const id = this.#idOf(key);
    const { incoming } = this.#artifacts;
    await this.#change(key, async () => {
      const before = await this.#store.call('uploadBytes', key);
      const room = { bytes, client: clientOf(request), until: this.#leases.until() };
      await this.#artifacts.reserve(key, room, artifact.sha256);
      if (before !== null && before !== bytes) await incoming.forget(id); // one of the two lengths is wrong
      if ((await incoming.arrived(id)) === null)
        await incoming.uploads.create(new Upload({ id, size: bytes, offset: 0 }));
    });
    answer(response, 201, { location: address });
  }

  /** HEAD: how many bytes have arrived; all of them, where the artifact is there. */
  async head(sender: Sender, request: IncomingMessage, response: ServerResponse) {
    const { key } = sender;
    const there = await this.#there(sender);
    if (there !== null) return answer(response, 200, arrived(there, there));
    const client = clientOf(request);
    const [bytes, offset] = await this.#begun(key, client);
    // The server was stopped between the last byte and the hash.
    if (offset === bytes) {
      await this.#leases.claim(key, client, true); // nobody begins it anew at another server meanwhile
      const done = this.#leases.keep(key, client, request, () => this.#finishing.has(this.#idOf(key)));
      try {
        await this.#finish(sender);
      } finally {
        await done();
      }
      return answer(response, 200, arrived(bytes, bytes));
    }
    return answer(response, 200, arrived(offset, bytes));
  }

  /** PATCH: takes bytes in from where the upload stands; with the last it becomes an artifact. */
  async patch(sender: Sender, request: IncomingMessage, response: ServerResponse) {
    const { key } = sender;
    if ((await this.#there(sender)) !== null) throw protocolErrors.uploadConflict({ where: key.sha256 });
    const client = clientOf(request);
    const headers = patchHead(request);
    await this.#begun(key, client, true);
    const finishing = () => this.#finishing.has(this.#idOf(key));
    const done = this.#leases.keep(key, client, request, finishing);
    try {
      const body = received(request, sender.bytes);
      const init: RequestInit & { duplex: 'half' } = { method: 'PATCH', headers, body, duplex: 'half' };
      const asked = new Request(`http://localhost${API_PREFIX}/uploads/${key.sha256}`, init);
      this.#asked.set(asked, sender);
      const answered = await this.#tus.handleWeb(asked);
      if (!answered.ok) throw asAnneal(await answered.text());
      const offset = answered.headers.get('upload-offset') ?? '';
      const rest = request.complete ? {} : { connection: 'close' }; // what nobody reads would hold it up
      answer(response, 204, { 'upload-offset': offset, ...rest });
    } finally {
      await done();
    }
  }

  /** DELETE: forgets what has arrived. */
  async remove({ key }: Sender, request: IncomingMessage, response: ServerResponse) {
    await this.#change(key, async () => {
      await this.#begun(key, clientOf(request));
      await this.#artifacts.incoming.forget(this.#idOf(key));
      await this.#store.call('endUpload', key);
    });
    answer(response, 204, {});
  }

  /**
   * Removes what nobody continues, and what a killed server left; `first`: there is no other server, and nothing comes
   * in yet. Resolves with how many.
   */
  async sweep(before: number, first = false): Promise<number> {
    const now = first ? Number.MAX_SAFE_INTEGER : this.#clock.now();
    const known = await this.#store.call('expireUploads', {
      before: this.#clock.now() - KEEP_UPLOADS_MS,
      now,
    });
    return this.#artifacts.incoming.sweep(new Set(known.map((key) => this.#idOf(key))), before);
  }

  /** Bytes announced and arrived, once it is this client's turn. Errors: uploadBusy, uploadNotFound. */
  async #begun(key: ArtifactKey, client: string, sending = false): Promise<readonly [number, number]> {
    await this.#leases.claim(key, client, sending);
    const bytes = await this.#store.call('uploadBytes', key);
    const offset = await this.#artifacts.incoming.arrived(this.#idOf(key));
    if (bytes !== null && offset !== null) return [bytes, offset];
    await this.#store.call('endUpload', key); // its bytes are gone: it begins anew
    throw protocolErrors.uploadNotFound({ where: key.sha256 });
  }

  /** Workspaces' ids have neither dot nor slash. */
  #idOf({ workspace, sha256 }: ArtifactKey): string {
    return `${this.#artifacts.incoming.prefix}${workspace}.${sha256}`;
  }

  /** Bytes of the artifact, where it is there and he who sends may know. */
  async #there({ sees, artifact }: Sender): Promise<number | null> {
    return sees ? this.#artifacts.size(artifact) : null;
  }

  /** Once, however many ask. */
  #finish(sender: Sender): Promise<void> {
    const id = this.#idOf(sender.key);
    const others = this.#finishing.get(id);
    if (others !== undefined) return others;
    const finishing = this.#publish(sender, id).finally(() => this.#finishing.delete(id));
    this.#finishing.set(id, finishing);
    return finishing;
  }

  /**
   * Begins or forgets an upload. Never between its hash and its becoming an artifact: other bytes would stand in its
   * place under the name of those that were right. Errors: uploadBusy.
   */
  async #change(key: ArtifactKey, work: () => Promise<void>): Promise<void> {
    const id = this.#idOf(key);
    if (this.#finishing.has(id)) throw protocolErrors.uploadBusy({ where: key.sha256 });
    const changes = this.#changing.get(id) ?? new Set();
    this.#changing.set(id, changes);
    const change = work();
    changes.add(change);
    try {
      await change;
    } finally {
      changes.delete(change);
      if (changes.size === 0) this.#changing.delete(id);
    }
  }

  /** All of it is there still, after whoever was changing it: from here on nothing can be written to it. */
  async #settled(key: ArtifactKey, id: string): Promise<void> {
    await Promise.allSettled(this.#changing.get(id) ?? []);
    const bytes = await this.#store.call('uploadBytes', key);
    const offset = await this.#artifacts.incoming.arrived(id);
    if (bytes === null || offset === null) throw protocolErrors.uploadNotFound({ where: key.sha256 });
    if (offset !== bytes) throw protocolErrors.uploadBusy({ where: key.sha256 });
  }

  async #publish(sender: Sender, id: string): Promise<void> {
    const { key, artifact } = sender;
    const { incoming } = this.#artifacts;
    await this.#settled(key, id);
    try {
      await this.#artifacts.publish(artifact, await incoming.finished(id), () => sender.mayStill());
      await sender.sent();
      await incoming.forget(id);
      if (key.sha256 !== artifact.sha256) await this.#store.call('endUpload', key);
    } catch (error) {
      if (error instanceof AnnealError && error.code === protocolErrors.hashMismatch.code) {
        await incoming.forget(id);
        await this.#store.call('endUpload', key);
      }
      throw error;
    }
  }
}

/** What has come, also when the connection breaks: then it ends there, and all of it is kept. */
function received(request: IncomingMessage, bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await pieces.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        if (!request.destroyed) throw error;
        controller.close();
      }
    },
  });
}

const arrived = (offset: number, bytes: number) => ({
  'upload-offset': String(offset),
  'upload-length': String(bytes),
});

function answer(response: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  response.writeHead(status, { 'tus-resumable': '1.0.0', 'cache-control': 'no-store', ...headers });
  response.end();
}
