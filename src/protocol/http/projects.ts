import { z } from 'zod';
import { filePathSchema, projectIdSchema, workspaceIdSchema } from '../names.ts';
import { operation } from './operation.ts';

export const projectNameSchema = z
  .string()
  .trim()
  .min(1)
  .max(120)
  .refine((name) => name.isWellFormed() && !/\p{Cc}/u.test(name), {
    error: 'a name has no control characters and no half of a character',
  })
  .meta({ description: 'What people call the project.' });

/** The longest text that a file may begin with, in UTF-16 units. */
export const MAX_TEXT_LENGTH = 2 * 1024 * 1024;
/** The longest text of a file, escaped, with room to spare. */
export const FILE_TEXT_JSON_BYTES = 16 * 1024 * 1024;
export const fileTextSchema = z.string().max(MAX_TEXT_LENGTH);

export const projectSchema = z
  .object({
    id: projectIdSchema,
    workspace: workspaceIdSchema,
    name: z.string(), // what older versions let in must not hide the list
    created: z.number().int().meta({ description: 'Milliseconds since 1970 UTC.' }),
    deleted: z
      .number()
      .int()
      .nullable()
      .meta({ description: 'When it was deleted; null while it is there.' }),
  })
  .meta({ id: 'Project' });
export type Project = z.infer<typeof projectSchema>;

const noQuery = z.object({});
const byId = z.object({ project: projectIdSchema });

export const projectOperations = {
  listProjects: operation({
    method: 'GET',
    path: '/projects',
    summary: 'List the projects of all workspaces of who asks, or those that are deleted and can be restored',
    action: 'self',
    params: z.object({}),
    query: z.object({ deleted: z.stringbool().default(false), workspace: workspaceIdSchema.optional() }),
    body: null,
    response: z.object({ projects: z.array(projectSchema) }),
    success: [200],
    errors: ['badRequest'],
  }),
  createProject: operation({
    method: 'POST',
    path: '/projects',
    summary: 'Create a project with its first files; the texts are seeded here, once',
    action: 'project.create',
    params: z.object({}),
    query: z.object({
      workspace: workspaceIdSchema.optional().meta({ description: "Left out: the caller's own." }),
    }),
    body: z.object({
      name: projectNameSchema,
      id: projectIdSchema.optional().meta({ description: 'Made from the name where left out.' }),
      files: z
        .array(z.object({ path: filePathSchema, text: fileTextSchema }))
        .max(100)
        .optional()
        .meta({ description: "Left out: an anneal.yaml with the sample's config." }),
    }),
    maxJsonBytes: FILE_TEXT_JSON_BYTES,
    response: projectSchema,
    success: [201],
    errors: ['badRequest', 'projectExists', 'tooLarge'],
  }),
  getProject: operation({
    method: 'GET',
    path: '/projects/{project}',
    summary: 'One project, also when it is deleted',
    action: 'project.read',
    params: byId,
    query: noQuery,
    body: null,
    response: projectSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound'],
  }),
  renameProject: operation({
    method: 'PATCH',
    path: '/projects/{project}',
    summary: 'Change the name; the id stays',
    action: 'project.change',
    params: byId,
    query: noQuery,
    body: z.object({ name: projectNameSchema }),
    response: projectSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted'],
  }),
  deleteProject: operation({
    method: 'DELETE',
    path: '/projects/{project}',
    summary: 'Delete the project; it can be restored for 30 days',
    action: 'project.delete',
    params: byId,
    query: noQuery,
    body: null,
    response: projectSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound'],
  }),
  restoreProject: operation({
    method: 'POST',
    path: '/projects/{project}/restore',
    summary: 'Undo the deletion',
    action: 'project.delete',
    params: byId,
    query: noQuery,
    body: null,
    response: projectSchema,
    success: [200],
    errors: ['badRequest', 'projectNotFound'],
  }),
};
