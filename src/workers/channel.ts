import type { z } from 'zod';
import { toAnnealError } from '../base/error.ts';
import {
  type Call,
  type Calls,
  type CheckedInputOf,
  type EventOf,
  type InputOf,
  type OutputOf,
  type Request,
  type Response,
  requestSchema,
  responseSchema,
} from '../protocol/calls.ts';
import { errorFromFacts } from '../protocol/error-facts.ts';
import { channelErrors } from './errors.ts';

/**
 * The one place that touches postMessage. A table of calls (src/protocol) says what may cross; each side
 * checks what it receives. A call has an input, any number of events, and one output or error; it can be
 * aborted, and buffers can be moved instead of copied.
 */

/** A Worker, a worker's own global scope, or a MessagePort. */
export interface Endpoint {
  postMessage(message: unknown, transfer: Transferable[]): void;
  addEventListener(type: 'message' | 'messageerror' | 'error', listener: (event: Event) => void): void;
  removeEventListener(type: 'message' | 'messageerror' | 'error', listener: (event: Event) => void): void;
  /** A MessagePort delivers nothing until it is started. */
  start?(): void;
}

export interface CallOptions<C extends Call> {
  /** In the order in which they were emitted, all of them before the promise settles. */
  readonly onEvent?: (event: EventOf<C>) => void;
  /** Aborting rejects the call at once with ANN-WRK-004 and tells the other side. */
  readonly signal?: AbortSignal;
  /** Buffers in the input that move to the other side. */
  readonly transfer?: readonly Transferable[];
}

export interface Client<C extends Calls> {
  call<K extends keyof C & string>(
    name: K,
    input: InputOf<C[K]>,
    options?: CallOptions<C[K]>,
  ): Promise<OutputOf<C[K]>>;
  /** Rejects what is pending (ANN-WRK-003) and stops listening; the worker itself is its owner's to end. */
  close(): void;
}

export interface CallContext<C extends Call> {
  readonly signal: AbortSignal;
  emit(event: z.input<C['event']>, transfer?: readonly Transferable[]): void;
  /** These buffers of the output move instead of being copied. */
  transfer(...buffers: readonly Transferable[]): void;
}

export type Handlers<C extends Calls> = {
  readonly [K in keyof C]: (
    input: CheckedInputOf<C[K]>,
    context: CallContext<C[K]>,
  ) => Promise<z.input<C[K]['output']>> | z.input<C[K]['output']>;
};

interface Pending {
  readonly call: Call;
  readonly name: string;
  readonly resolve: (output: unknown) => void;
  readonly reject: (reason: unknown) => void;
  readonly onEvent: ((event: never) => void) | undefined;
}

/** The asking side. */
export function connect<const C extends Calls>(endpoint: Endpoint, calls: C): Client<C> {
  const pending = new Map<number, Pending>();
  let nextId = 0;
  let ended: Error | null = null;

  const end = (reason: Error): void => {
    ended ??= reason;
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
  };
  const onMessage = (event: Event): void => {
    const response = responseSchema.safeParse((event as MessageEvent).data);
    if (!response.success) {
      end(channelErrors.badMessage({ cause: response.error }));
      return;
    }
    const entry = pending.get(response.data.id);
    if (entry === undefined) return; // settled before: an event that crossed with an abort
    settle(entry, response.data, () => pending.delete(response.data.id));
  };
  const onError = (event: Event): void => {
    const detail = 'message' in event && event.message !== '' ? `: ${event.message}` : '';
    end(channelErrors.crashed({ message: `${channelErrors.crashed.title}${detail}` }));
  };
  endpoint.addEventListener('message', onMessage);
  endpoint.addEventListener('messageerror', onError);
  endpoint.addEventListener('error', onError);
  endpoint.start?.();

  return {
    call(name, input, options = {}) {
      const call = calls[name];
      return new Promise((resolve, reject) => {
        if (ended !== null) return reject(ended);
        if (call === undefined) return reject(channelErrors.badMessage({ where: name }));
        if (options.signal?.aborted) return reject(channelErrors.aborted({ where: name }));
        const id = nextId++;
        const abort = (): void => {
          pending.delete(id);
          post(endpoint, { kind: 'abort', id });
          reject(channelErrors.aborted({ where: name }));
        };
        const forget = (): void => options.signal?.removeEventListener('abort', abort);
        pending.set(id, {
          call,
          name,
          resolve: (output) => {
            forget();
            resolve(output as OutputOf<C[typeof name]>);
          },
          reject: (reason) => {
            forget();
            reject(reason);
          },
          onEvent: options.onEvent as ((event: never) => void) | undefined,
        });
        options.signal?.addEventListener('abort', abort, { once: true });
        try {
          post(endpoint, { kind: 'call', id, name, input }, options.transfer);
        } catch (thrown) {
          // The input cannot be cloned; nothing was sent.
          pending.get(id)?.reject(channelErrors.badMessage({ where: name, cause: thrown }));
          pending.delete(id);
        }
      });
    },
    close() {
      endpoint.removeEventListener('message', onMessage);
      endpoint.removeEventListener('messageerror', onError);
      endpoint.removeEventListener('error', onError);
      end(channelErrors.closed());
    },
  };
}

function settle(entry: Pending, response: Response, done: () => void): void {
  if (response.kind === 'error') {
    done();
    entry.reject(errorFromFacts(response.facts));
    return;
  }
  const schema = response.kind === 'event' ? entry.call.event : entry.call.output;
  const parsed = schema.safeParse(response.kind === 'event' ? response.event : response.output);
  if (!parsed.success) {
    done();
    entry.reject(channelErrors.badMessage({ where: entry.name, cause: parsed.error }));
  } else if (response.kind === 'event') {
    entry.onEvent?.(parsed.data as never);
  } else {
    done();
    entry.resolve(parsed.data);
  }
}

/** The answering side: calls run side by side. Returns what stops it. */
export function serve<const C extends Calls>(
  endpoint: Endpoint,
  calls: C,
  handlers: Handlers<C>,
): () => void {
  const running = new Map<number, AbortController>();

  const answer = async (request: Extract<Request, { kind: 'call' }>): Promise<void> => {
    const { id, name } = request;
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const call = Object.hasOwn(calls, name) ? calls[name] : undefined;
      const handler = handlers[name];
      if (call === undefined || handler === undefined) {
        throw channelErrors.badMessage({ message: `The worker knows no call named ${name}`, where: name });
      }
      const input = call.input.safeParse(request.input);
      if (!input.success) throw channelErrors.badMessage({ where: name, cause: input.error });
      const moved: Transferable[] = [];
      const output = await handler(input.data as never, {
        signal: controller.signal,
        emit: (event, transfer) => {
          if (running.has(id)) post(endpoint, { kind: 'event', id, event }, transfer);
        },
        transfer: (...buffers) => void moved.push(...buffers),
      });
      post(endpoint, { kind: 'result', id, output }, moved);
    } catch (thrown) {
      post(endpoint, { kind: 'error', id, facts: plain(toAnnealError(thrown, channelErrors.unexpected)) });
    } finally {
      running.delete(id);
    }
  };
  const onMessage = (event: Event): void => {
    const request = requestSchema.safeParse((event as MessageEvent).data);
    if (!request.success) return; // not ours: tfjs's own helpers post to the same scope
    if (request.data.kind === 'abort') running.get(request.data.id)?.abort();
    else void answer(request.data);
  };
  endpoint.addEventListener('message', onMessage);
  endpoint.start?.();
  return () => {
    endpoint.removeEventListener('message', onMessage);
    for (const controller of running.values()) controller.abort();
  };
}

function post(endpoint: Endpoint, message: Request | Response, transfer: readonly Transferable[] = []): void {
  endpoint.postMessage(message, [...transfer]);
}

/** Facts may hold what cannot be cloned (a function in `data`); JSON is what they promise to be. */
function plain(error: { toJSON(): unknown }): Extract<Response, { kind: 'error' }>['facts'] {
  return JSON.parse(JSON.stringify(error.toJSON()));
}
