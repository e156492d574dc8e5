import { z } from 'zod';
import { actions } from '../../domain/access/roles.ts';
import { errorFactsSchema } from '../../domain/error-facts.ts';
import { type ProtocolErrorName, protocolErrors, statusOf } from '../errors.ts';
import { API_PREFIX, VERSION } from '../version.ts';
import type { Operation } from './operation.ts';
import { operations } from './operations.ts';

type Json = Record<string, unknown>;

/** The interface as OpenAPI 3.1, derived from the operations; refusals carry the codes of the catalogue. */
export function openApiDocument(): Json {
  const schemas: Record<string, Json> = {};
  const paths: Record<string, Json> = {};
  for (const [id, operation] of Object.entries(operations) as [string, Operation][]) {
    const path = paths[operation.path] ?? {};
    path[operation.method.toLowerCase()] = entryFor(id, operation, schemas);
    paths[operation.path] = path;
  }
  schemas.Error = schema(errorFactsSchema, 'output', schemas);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Anneal',
      version: VERSION,
      description: 'Projects, files and artifacts of an Anneal server. Editing together goes over /sync.',
    },
    servers: [{ url: API_PREFIX }],
    paths,
    components: { schemas, securitySchemes },
  };
}

/** JSON Schema of a type; the named types in it go to `shared`, where the document refers to them. */
function schema(type: z.ZodType, io: 'input' | 'output', shared: Record<string, Json>): Json {
  const { $schema: _, ...json } = z.toJSONSchema(type, { io, unrepresentable: 'any' });
  const text = JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $defs, ...rest } = JSON.parse(text) as Json & { $defs?: Record<string, Json> };
  Object.assign(shared, $defs);
  return rest;
}

function entryFor(operationId: string, operation: Operation, schemas: Record<string, Json>): Json {
  const parameters = [
    ...fields(operation.params).map(([name, type]) => parameter(name, 'path', type, schemas)),
    ...fields(operation.query).map(([name, type]) => parameter(name, 'query', type, schemas)),
  ];
  return {
    operationId,
    summary: operation.summary,
    description: whoMay(operation),
    security: operation.action === 'public' ? [] : [{ key: [] }, { session: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(operation.body === null
      ? {}
      : { requestBody: { required: true, content: content(operation.body, 'input', schemas) } }),
    responses: {
      ...Object.fromEntries(
        operation.success.map((status) => [
          String(status),
          {
            description: operation.summary,
            ...(operation.response === null || status === 304
              ? {}
              : { content: content(operation.response, 'output', schemas) }),
          },
        ]),
      ),
      ...refusals(errorsOf(operation)),
    },
  };
}

function fields(object: z.ZodObject): [string, z.ZodType][] {
  return Object.entries(object.shape) as [string, z.ZodType][];
}

function parameter(
  name: string,
  place: 'path' | 'query',
  type: z.ZodType,
  schemas: Record<string, Json>,
): Json {
  return {
    name,
    in: place,
    required: place === 'path' || !type.safeParse(undefined).success,
    schema: schema(type, 'input', schemas),
  };
}

function content(body: z.ZodType | 'bytes', io: 'input' | 'output', schemas: Record<string, Json>): Json {
  if (body === 'bytes')
    return { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } };
  return { 'application/json': { schema: schema(body, io, schemas) } };
}

/** With what any operation of its kind is refused for. */
function errorsOf({ action, errors }: Operation): ProtocolErrorName[] {
  const signIn = action === 'public' ? [] : (['notSignedIn'] as const);
  const role = action === 'public' || action === 'self' ? [] : (['forbidden'] as const);
  return [...new Set<ProtocolErrorName>(['foreignOrigin', 'tooManyRequests', ...signIn, ...role, ...errors])];
}

function whoMay({ action }: Operation): string {
  if (action === 'public') return 'For anybody.';
  if (action === 'self') return 'For who is signed in.';
  const { least, scope } = actions[action];
  return `From the role ${least} on (${action}); a key needs the scope ${scope}.`;
}

/** With sign-in off none is needed. */
const securitySchemes = {
  key: { type: 'http', scheme: 'bearer', description: 'An API key.' },
  session: { type: 'apiKey', in: 'cookie', name: 'anneal_user', description: 'As browsers have it.' },
} as const;

function refusals(names: readonly ProtocolErrorName[]): Record<string, Json> {
  const byStatus = new Map<number, string[]>();
  for (const name of names) {
    const { code, title } = protocolErrors[name];
    const lines = byStatus.get(statusOf(name)) ?? [];
    byStatus.set(statusOf(name), [...lines, `${code}: ${title}.`]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, lines]) => [
      String(status),
      {
        description: lines.join(' '),
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    ]),
  );
}
