import { AnnealError, type ErrorFacts } from '../base/error.ts';
import { errorFactsSchema } from '../domain/error-facts.ts';
import { protocolErrors } from '../protocol/errors.ts';
import type { BodyInputOf, Operation, ParamsOf, ResponseOf } from '../protocol/http/operation.ts';
import { API_PREFIX } from '../protocol/version.ts';

export interface Transport {
  /** Where the server is, without a slash at the end; empty for the page's own. */
  readonly baseUrl: string;
  readonly fetch: typeof fetch;
  /** For requests with small answers. */
  readonly timeoutMs: number;
  /** Nothing may go past this fetch: it adds a key, or is a test's. */
  readonly ownFetch: boolean;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface Progress {
  readonly bytes: number;
  /** Null where it is not known. */
  readonly total: number | null;
}

export interface TransferOptions extends CallOptions {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What an operation takes, as plain values; `query` as it is written in the address. */
export interface CallInput<O extends Operation> extends CallOptions {
  readonly params: ParamsOf<O>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: BodyInputOf<O>;
}

/** The address of an operation. */
export function addressOf<O extends Operation>(
  { baseUrl }: Pick<Transport, 'baseUrl'>,
  operation: O,
  params: ParamsOf<O>,
  query?: Readonly<Record<string, string>>,
): string {
  const values = params as Readonly<Record<string, string>>;
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(values[name] ?? ''),
  );
  const search =
    query === undefined || Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query)}`;
  return `${baseUrl}${API_PREFIX}${path}${search}`;
}

/**
 * Calls an operation that answers with JSON. Errors: those of the operation, as the server threw them;
 * unreachable, timeout, aborted, badResponse.
 */
export async function call<O extends Operation>(
  transport: Transport,
  operation: O,
  { params, query, body, signal }: CallInput<O>,
): Promise<ResponseOf<O>> {
  const address = addressOf(transport, operation, params, query);
  const deadline = AbortSignal.timeout(transport.timeoutMs);
  const init: RequestInit = {
    method: operation.method,
    signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
    ...(body === undefined || body === null
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  };
  const { response, value } = await guarded(address, signal, async () => {
    const answer = await transport.fetch(address, init);
    return { response: answer, value: await readJson(answer) };
  });
  if (!response.ok) throw errorOf(response.status, value, address, response.headers.get('retry-after'));
  if (operation.response === null || operation.response === 'bytes')
    throw protocolErrors.badResponse({ where: address });
  const parsed = operation.response.safeParse(value);
  if (!parsed.success) throw protocolErrors.badResponse({ where: address, cause: parsed.error });
  return parsed.data as ResponseOf<O>;
}

/** Makes typed errors of what fetch rejects with. */
export async function guarded<T>(
  where: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof AnnealError) throw cause;
    if (signal?.aborted === true) throw protocolErrors.aborted({ where, cause });
    if (cause instanceof Error && cause.name === 'TimeoutError')
      throw protocolErrors.timeout({ where, cause });
    throw protocolErrors.unreachable({ where, cause });
  }
}

/** The error that a server, or what stands before it, answered with. */
export function errorOf(
  status: number,
  value: unknown,
  where: string,
  retryAfter: string | null,
): AnnealError {
  const facts = errorFactsSchema.safeParse(value);
  if (facts.success) return new AnnealError(facts.data satisfies ErrorFacts);
  if (status === 429) {
    const retryAfterSeconds = Number(retryAfter ?? Number.NaN);
    return protocolErrors.tooManyRequests({
      where,
      ...(Number.isFinite(retryAfterSeconds) ? { data: { retryAfterSeconds } } : {}),
    });
  }
  return protocolErrors.badResponse({
    where,
    message: `The server answered with status ${status} and no reason`,
  });
}

/** Errors: aborted. */
export function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(protocolErrors.aborted());
    };
    if (signal?.aborted === true) return reject(protocolErrors.aborted());
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/** Null where the body is no JSON. */
export async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
