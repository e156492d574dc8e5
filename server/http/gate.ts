import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Addresses } from '../sync/addresses.ts';
import { Backlog } from '../sync/backlog.ts';
import type { SyncLimits } from '../sync/limits.ts';
import type { Share } from '../sync/share.ts';
import type { Turns } from '../sync/turns.ts';
import { Line, tooManyRequests } from './line.ts';
import { Pass } from './pass.ts';
import { refuse } from './refuse.ts';
import { type RequestLimits, requestLimits } from './request-limits.ts';
import { ThreadTime } from './thread-time.ts';

export interface GateParts {
  /** Requests of an address have the same rates as its sockets have. */
  readonly rates: SyncLimits;
  /** One after the other with the sockets' frames. */
  readonly turns: Turns;
  readonly ipOf: (request: IncomingMessage) => string;
  readonly limits?: Partial<RequestLimits> | undefined;
}

/** An address where supervisors are asks so often; who asks more is answered more slowly. */
const QUESTIONS_PER_SECOND = 200;
const SLOWLY_MS = 250;

/** So long at most the requests of an address wait for what those before them cost. */
const MOST_OWED_SECONDS = 5;

/** What is kept of an address beside its share, for as long as it has that. */
interface OfAddress {
  readonly line: Line;
  readonly bodies: Backlog;
}

/** Where every request comes in: each address has so much of the thread and of memory, however many it sends. */
export class Gate {
  readonly #parts: GateParts;
  readonly #limits: RequestLimits;
  readonly #addresses: Addresses;
  readonly #supervisors: Addresses;
  readonly #known = new WeakMap<Share, OfAddress>();
  readonly #passes = new WeakMap<IncomingMessage, Pass>();
  /** Of one connection: requests that wait behind others on it do not hear of its end. */
  readonly #ofSocket = new WeakMap<Socket, Set<() => void>>();
  readonly #time = new ThreadTime();

  constructor(parts: GateParts) {
    this.#parts = parts;
    const limits = { ...requestLimits, ...parts.limits };
    this.#limits = limits;
    const each = {
      ...parts.rates,
      addressConnections: limits.inFlight,
      addressUnwrittenBytes: limits.unreadBytes,
      addressOwedSeconds: MOST_OWED_SECONDS,
    };
    this.#addresses = new Addresses(each);
    this.#supervisors = new Addresses({ ...each, addressMessagesPerSecond: QUESTIONS_PER_SECOND });
  }

  /** Lets a request in when it is its turn. Errors, answered here: tooManyRequests. */
  enter(request: IncomingMessage, response: ServerResponse, go: () => void): void {
    const held = this.#addresses.enter(this.#parts.ipOf(request));
    if (held === null) {
      refuse(response, tooManyRequests(), request);
      return;
    }
    const { line, bodies } = this.#of(held);
    const pass = new Pass({ line, bodies, unread: held.backlog, release: held.release });
    this.#passes.set(request, pass);
    this.#whenOver(request, response, () => pass.close());
    pass.enter(go, (error) => refuse(response, error, request));
  }

  /** Whether the server lives is said soon, however much else is asked from where the question comes. */
  supervise(request: IncomingMessage, response: ServerResponse, go: () => void): void {
    const held = this.#supervisors.enter(this.#parts.ipOf(request));
    if (held === null) {
      request.socket.destroy();
      return;
    }
    this.#whenOver(request, response, held.release);
    const wait = Math.min(SLOWLY_MS, held.share.take(0));
    if (wait === 0) go();
    else setTimeout(go, wait).unref();
  }

  /** What a request that was let in may use; undefined for one that did not come through here. */
  passOf(request: IncomingMessage): Pass | undefined {
    return this.#passes.get(request);
  }

  close(): void {
    this.#addresses.dispose();
    this.#supervisors.dispose();
  }

  #of({ share, backlog }: { readonly share: Share; readonly backlog: Backlog }): OfAddress {
    const known = this.#known.get(share);
    if (known !== undefined) return known;
    const { turns } = this.#parts;
    const line = new Line({ share, unread: backlog, turns, time: this.#time, limits: this.#limits });
    const made = { line, bodies: new Backlog(this.#limits.bodyBytes) };
    this.#known.set(share, made);
    return made;
  }

  #whenOver({ socket }: IncomingMessage, response: ServerResponse, over: () => void): void {
    let all = this.#ofSocket.get(socket);
    if (all === undefined) {
      const overs = new Set<() => void>();
      all = overs;
      this.#ofSocket.set(socket, overs);
      socket.on('close', () => {
        for (const one of overs) one();
      });
    }
    const ofSocket = all;
    ofSocket.add(over);
    response.on('close', () => {
      ofSocket.delete(over);
      over();
    });
  }
}
