import type { z } from 'zod';
import type { Action } from '../../domain/access/roles.ts';
import type { ProtocolErrorName } from '../errors.ts';

/** What the body of an operation that carries no texts has room in; anybody may have it read. */
export const USUAL_JSON_BYTES = 64 * 1024;

/**
 * One operation of the HTTP interface. Server routes, the client, and the OpenAPI document all derive from
 * the table in operations.ts; nothing about an address is written anywhere else.
 */
export interface Operation {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Under /api/v1, with `{name}` for what `params` declares. */
  readonly path: string;
  readonly summary: string;
  /**
   * What the caller must be allowed to do, checked before anything else: in the project or workspace that
   * `params` or `query` name, or else in the caller's own workspace. `self`: any who is signed in; `public`: anybody.
   */
  readonly action: Action | 'public' | 'self';
  /** The project is named in the body, so that the check waits until it has been read. */
  readonly target?: 'body';
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  /** JSON, raw bytes, or nothing. */
  readonly body: z.ZodType | 'bytes' | null;
  /** How long a JSON body may be; left out: USUAL_JSON_BYTES. */
  readonly maxJsonBytes?: number;
  /** What comes back when all is well. */
  readonly response: z.ZodType | 'bytes' | null;
  readonly success: readonly number[];
  readonly errors: readonly ProtocolErrorName[];
}

type Schema<T> = T extends z.ZodType ? z.output<T> : null;

export type ParamsOf<O extends Operation> = z.output<O['params']>;
export type QueryOf<O extends Operation> = z.output<O['query']>;
/** As the client writes it: fields with defaults may be left out. */
export type BodyInputOf<O extends Operation> = O['body'] extends z.ZodType ? z.input<O['body']> : null;
/** As the server reads it. */
export type BodyOf<O extends Operation> = Schema<O['body']>;
export type ResponseOf<O extends Operation> = Schema<O['response']>;

export function operation<const O extends Operation>(declaration: O): O {
  return declaration;
}
