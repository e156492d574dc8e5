import { z } from 'zod';
import { operation } from './operation.ts';

export const healthSchema = z
  .object({
    status: z.literal('ok'),
    uptimeSeconds: z.number(),
    rooms: z.number().int().meta({ description: 'Documents in memory.' }),
    connections: z.number().int().meta({ description: 'Open sync sockets.' }),
  })
  .meta({ id: 'Health' });
export type Health = z.infer<typeof healthSchema>;

export const versionSchema = z
  .object({
    program: z.string().meta({ description: 'Version of Anneal.' }),
    node: z.string(),
  })
  .meta({ id: 'Version' });
export type ServerVersion = z.infer<typeof versionSchema>;

const nothing = z.object({});

export const systemOperations = {
  health: operation({
    method: 'GET',
    path: '/health',
    summary: 'Whether the server and its storage answer',
    action: 'public',
    params: nothing,
    query: nothing,
    body: null,
    response: healthSchema,
    success: [200],
    errors: [],
  }),
  version: operation({
    method: 'GET',
    path: '/version',
    summary: 'Which version this is',
    action: 'public',
    params: nothing,
    query: nothing,
    body: null,
    response: versionSchema,
    success: [200],
    errors: [],
  }),
  openapi: operation({
    method: 'GET',
    path: '/openapi.json',
    summary: 'This document',
    action: 'public',
    params: nothing,
    query: nothing,
    body: null,
    response: z.record(z.string(), z.unknown()),
    success: [200],
    errors: [],
  }),
};
