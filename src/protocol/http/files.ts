import { z } from 'zod';
import { filePathSchema, projectIdSchema, sha256Schema } from '../names.ts';
import { artifactEntrySchema, textEntrySchema } from '../sync.ts';
import { operation } from './operation.ts';
import { FILE_TEXT_JSON_BYTES, fileTextSchema } from './projects.ts';

/** A file as the list has it: the entry of the project's document, with its path. */
export const fileSchema = z
  .discriminatedUnion('kind', [
    textEntrySchema.extend({ path: filePathSchema }),
    artifactEntrySchema.extend({ path: filePathSchema }),
  ])
  .meta({ id: 'File' });
export type ProjectFile = z.infer<typeof fileSchema>;

const inProject = z.object({ project: projectIdSchema });
const oneFile = z.object({ project: projectIdSchema, path: filePathSchema });
const noQuery = z.object({});

export const fileOperations = {
  listFiles: operation({
    method: 'GET',
    path: '/projects/{project}/files',
    summary: "List the files: the project's document as it is now",
    action: 'project.read',
    params: inProject,
    query: z.object({ deleted: z.stringbool().default(false) }),
    body: null,
    response: z.object({ files: z.array(fileSchema) }),
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted'],
  }),
  createFile: operation({
    method: 'POST',
    path: '/projects/{project}/files',
    summary: 'Add a shared text, or name an artifact that is stored already',
    action: 'project.change',
    params: inProject,
    query: noQuery,
    body: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('text'), path: filePathSchema, text: fileTextSchema.default('') }),
      z.object({
        kind: z.literal('artifact'),
        path: filePathSchema,
        sha256: sha256Schema,
        mediaType: z.string().max(128).optional(),
      }),
    ]),
    maxJsonBytes: FILE_TEXT_JSON_BYTES,
    response: fileSchema,
    success: [201],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted', 'fileExists', 'artifactNotFound', 'tooLarge'],
  }),
  readFile: operation({
    method: 'GET',
    path: '/projects/{project}/files/{path}',
    summary: 'A shared text as it is now',
    action: 'document.read',
    params: oneFile,
    query: noQuery,
    body: null,
    response: z.object({ path: filePathSchema, text: z.string() }),
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted', 'fileNotFound', 'fileDeleted', 'notText'],
  }),
  renameFile: operation({
    method: 'PATCH',
    path: '/projects/{project}/files/{path}',
    summary: 'Move a file; open editors are told where to',
    action: 'project.change',
    params: oneFile,
    query: noQuery,
    body: z.object({ path: filePathSchema }),
    response: fileSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted', 'fileNotFound', 'fileDeleted', 'fileExists'],
  }),
  deleteFile: operation({
    method: 'DELETE',
    path: '/projects/{project}/files/{path}',
    summary: 'Delete a file so that it can be restored, or, with forever=true, for good',
    action: 'project.change',
    params: oneFile,
    query: z.object({ forever: z.stringbool().default(false) }),
    body: null,
    response: fileSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted', 'fileNotFound'],
  }),
  restoreFile: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/restore',
    summary: 'Undo the deletion',
    action: 'project.change',
    params: oneFile,
    query: noQuery,
    body: null,
    response: fileSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted', 'fileNotFound', 'fileExists'],
  }),
};
