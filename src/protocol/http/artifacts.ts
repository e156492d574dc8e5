import { z } from 'zod';
import { projectIdSchema, sha256Schema, workspaceIdSchema } from '../names.ts';
import { operation } from './operation.ts';

export const artifactSchema = z
  .object({ sha256: sha256Schema, bytes: z.number().int().nonnegative() })
  .meta({ id: 'Artifact' });
export type Artifact = z.infer<typeof artifactSchema>;

const bytesSchema = z.number().int().nonnegative();

export const artifactUseSchema = z
  .object({
    used: bytesSchema.meta({ description: 'Bytes of the stored artifacts, what they share counted once.' }),
    pending: bytesSchema.meta({ description: 'Bytes announced by uploads that have not finished.' }),
    quota: bytesSchema.nullable().meta({ description: 'What the workspace may have; null: any number.' }),
  })
  .meta({ id: 'ArtifactUse' });
export type ArtifactUse = z.infer<typeof artifactUseSchema>;

export const collectionSchema = z
  .object({
    dryRun: z.boolean(),
    artifacts: z.array(artifactSchema).meta({ description: 'What nothing refers to.' }),
    kept: z.number().int().meta({ description: 'How many artifacts the workspace has after it.' }),
    freed: bytesSchema.meta({ description: 'Bytes of the disk that this frees, or would free.' }),
  })
  .meta({ id: 'Collection' });
export type Collection = z.infer<typeof collectionSchema>;

const byHash = z.object({ sha256: sha256Schema });
/** Whose artifacts: those of a workspace, of the workspace of a project, or else of the caller's own. */
const whose = z.object({ workspace: workspaceIdSchema.optional(), project: projectIdSchema.optional() });
const inWorkspace = z.object({ workspace: workspaceIdSchema });

export const artifactOperations = {
  putArtifact: operation({
    method: 'PUT',
    path: '/artifacts/{sha256}',
    summary: 'Store bytes under their hash; 201 when they are new, 200 when they were there',
    action: 'artifact.write',
    params: byHash,
    query: whose,
    body: 'bytes',
    response: artifactSchema,
    success: [201, 200],
    errors: ['badRequest', 'hashMismatch', 'tooLarge', 'quotaExceeded', 'storageFull'],
  }),
  getArtifact: operation({
    method: 'GET',
    path: '/artifacts/{sha256}',
    summary: 'The bytes, or with a Range header one part of them',
    action: 'artifact.read',
    params: byHash,
    query: whose,
    body: null,
    response: 'bytes',
    success: [200, 206, 304],
    errors: ['badRequest', 'artifactNotFound', 'artifactDamaged', 'badRange'],
  }),
  headArtifact: operation({
    method: 'HEAD',
    path: '/artifacts/{sha256}',
    summary: 'Whether the bytes are stored, and how many there are',
    action: 'artifact.read',
    params: byHash,
    query: whose,
    body: null,
    response: null,
    success: [200],
    errors: ['badRequest', 'artifactNotFound'],
  }),
  createUpload: operation({
    method: 'POST',
    path: '/uploads',
    summary:
      'tus 1.0.0: begin a resumable upload; Upload-Length says how many bytes, Upload-Metadata their sha256',
    action: 'artifact.write',
    params: z.object({}),
    query: whose,
    body: null,
    response: null,
    success: [201],
    errors: ['badRequest', 'tooLarge', 'quotaExceeded', 'uploadBusy', 'storageFull'],
  }),
  headUpload: operation({
    method: 'HEAD',
    path: '/uploads/{sha256}',
    summary: 'tus 1.0.0: how many bytes have arrived; all of them where the artifact is stored',
    action: 'artifact.write',
    params: byHash,
    query: whose,
    body: null,
    response: null,
    success: [200],
    errors: ['badRequest', 'uploadNotFound', 'uploadBusy', 'hashMismatch', 'storageFull'],
  }),
  patchUpload: operation({
    method: 'PATCH',
    path: '/uploads/{sha256}',
    summary: 'tus 1.0.0: send bytes from where the upload stands; the last ones make it an artifact',
    action: 'artifact.write',
    params: byHash,
    query: whose,
    body: 'bytes',
    response: null,
    success: [204],
    errors: [
      'badRequest',
      'uploadNotFound',
      'uploadBusy',
      'uploadConflict',
      'hashMismatch',
      'tooLarge',
      'storageFull',
    ],
  }),
  deleteUpload: operation({
    method: 'DELETE',
    path: '/uploads/{sha256}',
    summary: 'tus 1.0.0: forget what has arrived',
    action: 'artifact.write',
    params: byHash,
    query: whose,
    body: null,
    response: null,
    success: [204],
    errors: ['badRequest', 'uploadNotFound', 'uploadBusy'],
  }),
  holdArtifacts: operation({
    method: 'PUT',
    path: '/projects/{project}/holds/{holder}',
    summary:
      'Say which artifacts something outside of the documents refers to, such as a run; they are not collected',
    action: 'artifact.write',
    params: z.object({
      project: projectIdSchema,
      holder: z
        .string()
        .regex(/^[\w.:-]{1,128}$/)
        .meta({ description: 'Such as run-2f6a.' }),
    }),
    query: z.object({}),
    body: z.object({ artifacts: z.array(sha256Schema).max(1000) }),
    maxJsonBytes: 128 * 1024, // so many hashes
    response: z.object({ artifacts: z.array(sha256Schema) }),
    success: [200],
    errors: ['badRequest', 'projectNotFound'],
  }),
  artifactUse: operation({
    method: 'GET',
    path: '/workspaces/{workspace}/artifacts/use',
    summary: 'How much the artifacts of a workspace take, and how much they may',
    action: 'artifact.read',
    params: inWorkspace,
    query: z.object({}),
    body: null,
    response: artifactUseSchema,
    success: [200],
    errors: ['badRequest'],
  }),
  setArtifactQuota: operation({
    method: 'PUT',
    path: '/workspaces/{workspace}/artifacts/quota',
    summary: "Say how much the artifacts of a workspace may take, at most as much as the server's own limit",
    action: 'workspace.manage',
    params: inWorkspace,
    query: z.object({}),
    body: z.object({ quota: bytesSchema.nullable().meta({ description: "Null: the server's limit." }) }),
    response: artifactUseSchema,
    success: [200],
    errors: ['badRequest'],
  }),
  collectArtifacts: operation({
    method: 'POST',
    path: '/workspaces/{workspace}/artifacts/collect',
    summary: 'Remove the artifacts that no file, version, run or upload refers to, or say which these are',
    action: 'artifact.collect',
    params: inWorkspace,
    query: z.object({}),
    body: z.object({
      dryRun: z.boolean().default(true),
      graceHours: z
        .number()
        .min(1)
        .max(24 * 365)
        .default(7 * 24)
        .meta({ description: 'What was stored, asked for or named within this time stays.' }),
    }),
    response: collectionSchema,
    success: [200],
    errors: ['badRequest', 'collectBusy'],
  }),
};
