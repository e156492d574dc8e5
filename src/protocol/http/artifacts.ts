import { z } from 'zod';
import { sha256Schema } from '../names.ts';
import { operation } from './operation.ts';

export const artifactSchema = z
  .object({ sha256: sha256Schema, bytes: z.number().int().nonnegative() })
  .meta({ id: 'Artifact' });
export type Artifact = z.infer<typeof artifactSchema>;

const byHash = z.object({ sha256: sha256Schema });
const noQuery = z.object({});

export const artifactOperations = {
  putArtifact: operation({
    method: 'PUT',
    path: '/artifacts/{sha256}',
    summary: 'Store bytes under their hash; 201 when they are new, 200 when they were there',
    action: 'artifact.write',
    params: byHash,
    query: noQuery,
    body: 'bytes',
    response: artifactSchema,
    success: [201, 200],
    errors: ['badRequest', 'hashMismatch', 'tooLarge', 'storageFull'],
  }),
  getArtifact: operation({
    method: 'GET',
    path: '/artifacts/{sha256}',
    summary: 'The bytes, or with a Range header one part of them',
    action: 'artifact.read',
    params: byHash,
    query: noQuery,
    body: null,
    response: 'bytes',
    success: [200, 206, 304],
    errors: ['badRequest', 'artifactNotFound', 'badRange'],
  }),
  headArtifact: operation({
    method: 'HEAD',
    path: '/artifacts/{sha256}',
    summary: 'Whether the bytes are stored, and how many there are',
    action: 'artifact.read',
    params: byHash,
    query: noQuery,
    body: null,
    response: null,
    success: [200],
    errors: ['badRequest', 'artifactNotFound'],
  }),
};
