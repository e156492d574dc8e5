import { z } from 'zod';
import { filePathSchema, projectIdSchema } from '../names.ts';
import {
  anchorSchema,
  commentSchema,
  commentTextSchema,
  decisionSchema,
  evidenceSchema,
  personIdSchema,
  resolutionSchema,
  reviewPersonSchema,
  runNameSchema,
  suggestionSchema,
  textHashSchema,
  threadSchema,
  versionContentSchema,
  versionNameSchema,
  versionSchema,
} from '../review.ts';
import { operation } from './operation.ts';
import { FILE_TEXT_JSON_BYTES, fileTextSchema } from './projects.ts';

/** A thread with all that was said in it, in the order in which it was said. */
export const wholeThreadSchema = threadSchema
  .extend({ resolved: resolutionSchema.nullable(), comments: z.array(commentSchema) })
  .meta({ id: 'Thread' });
export type WholeThread = z.infer<typeof wholeThreadSchema>;

export const wholeSuggestionSchema = suggestionSchema
  .extend({ decision: decisionSchema.nullable() })
  .meta({ id: 'Suggestion' });
export type WholeSuggestion = z.infer<typeof wholeSuggestionSchema>;

export const mentionSchema = z
  .object({
    path: filePathSchema,
    thread: z.string(),
    comment: z.string(),
    by: z.string().meta({ description: 'The name of who wrote it.' }),
    created: z.number().int(),
  })
  .meta({ id: 'Mention' });
export type Mention = z.infer<typeof mentionSchema>;

const noQuery = z.object({});
const inProject = z.object({ project: projectIdSchema });
const oneFile = z.object({ project: projectIdSchema, path: filePathSchema });
const item = z.string().regex(/^[\w-]{1,64}$/);

/** Who says it, where sign-in is off; else it is who is signed in. */
const as = reviewPersonSchema.optional().meta({ description: 'Read only while sign-in is off.' });
const nothingElse = z.object({ as });

const replacedSchema = z.object({
  before: versionSchema
    .nullable()
    .meta({ description: 'What stood there until now; null where it was the same text.' }),
});

const fileErrors = [
  'badRequest',
  'projectNotFound',
  'projectDeleted',
  'fileNotFound',
  'fileDeleted',
  'notText',
] as const;

export const reviewOperations = {
  getReview: operation({
    method: 'GET',
    path: '/projects/{project}/files/{path}/review',
    summary: 'What is said about a text: threads and suggestions, oldest first',
    action: 'document.read',
    params: oneFile,
    query: noQuery,
    body: null,
    response: z.object({
      threads: z.array(wholeThreadSchema),
      suggestions: z.array(wholeSuggestionSchema),
    }),
    success: [200],
    errors: [...fileErrors],
  }),
  startThread: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/threads',
    summary: 'Comment on a part of a text, or on all of it',
    action: 'comment.write',
    params: oneFile,
    query: noQuery,
    body: z.object({ anchor: anchorSchema.nullable(), text: commentTextSchema, as }),
    maxJsonBytes: 128 * 1024, // a comment and a quote, each character escaped
    response: wholeThreadSchema,
    success: [201],
    errors: [...fileErrors, 'reviewFull'],
  }),
  replyToThread: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/threads/{thread}/comments',
    summary: 'Answer in a thread; an answer opens a resolved thread again',
    action: 'comment.write',
    params: oneFile.extend({ thread: item }),
    query: noQuery,
    body: z.object({ text: commentTextSchema, as }),
    response: wholeThreadSchema,
    success: [201],
    errors: [...fileErrors, 'threadNotFound', 'reviewFull'],
  }),
  resolveThread: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/threads/{thread}/resolve',
    summary: 'Close a thread, or open it again',
    action: 'comment.write',
    params: oneFile.extend({ thread: item }),
    query: noQuery,
    body: z.object({ resolved: z.boolean(), as }),
    response: wholeThreadSchema,
    success: [200],
    errors: [...fileErrors, 'threadNotFound'],
  }),
  suggest: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/suggestions',
    summary: "Propose a change of a text; a run's result may come with it",
    action: 'suggestion.write',
    params: oneFile,
    query: noQuery,
    body: suggestionSchema
      .pick({ title: true, note: true, edits: true })
      .extend({ evidence: evidenceSchema.nullable().default(null), as }),
    maxJsonBytes: 2 * 1024 * 1024, // the most that edits may hold, escaped
    response: wholeSuggestionSchema,
    success: [201],
    errors: [...fileErrors, 'reviewFull', 'suggestionStale'],
  }),
  decideSuggestion: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/suggestions/{suggestion}/decide',
    summary: 'Accept a suggestion, which makes the change at once, or reject it',
    action: 'suggestion.decide',
    params: oneFile.extend({ suggestion: item }),
    query: noQuery,
    body: z.object({ decision: z.enum(['accepted', 'rejected']), as }),
    response: wholeSuggestionSchema,
    success: [200],
    errors: [...fileErrors, 'suggestionNotFound', 'suggestionDecided', 'suggestionStale', 'textMoved'],
  }),
  withdrawSuggestion: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/suggestions/{suggestion}/withdraw',
    summary: 'Take back a suggestion of one’s own',
    action: 'suggestion.write',
    params: oneFile.extend({ suggestion: item }),
    query: noQuery,
    body: nothingElse,
    response: wholeSuggestionSchema,
    success: [200],
    errors: [...fileErrors, 'suggestionNotFound', 'suggestionDecided', 'suggestionForeign'],
  }),
  listVersions: operation({
    method: 'GET',
    path: '/projects/{project}/files/{path}/versions',
    summary: 'The versions of a text, newest first',
    action: 'version.read',
    params: oneFile,
    query: noQuery,
    body: null,
    response: z.object({ versions: z.array(versionSchema) }),
    success: [200],
    errors: [...fileErrors],
  }),
  createVersion: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/versions',
    summary: 'Keep a text: as it is now under a name, or as a run trains it',
    action: 'version.create',
    params: oneFile,
    query: noQuery,
    body: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('named'), name: versionNameSchema.min(1), as }),
      z.object({
        kind: z.literal('run'),
        run: runNameSchema,
        name: versionNameSchema,
        text: fileTextSchema.meta({
          description: 'What is trained: the editor may be ahead of what the server has of it.',
        }),
        age: z.number().int().nonnegative().optional().meta({
          description:
            'For how many milliseconds it has been trained, where the server could not be told at once. The same run and text make one version, however often they are sent.',
        }),
        as,
      }),
    ]),
    maxJsonBytes: FILE_TEXT_JSON_BYTES,
    response: versionSchema,
    success: [201],
    errors: [...fileErrors, 'tooLarge', 'textMoved'],
  }),
  readVersion: operation({
    method: 'GET',
    path: '/projects/{project}/files/{path}/versions/{version}',
    summary: 'The text of a version, and who wrote which part of it',
    action: 'version.read',
    params: oneFile.extend({ version: item }),
    query: noQuery,
    body: null,
    response: z.object({ version: versionSchema, content: versionContentSchema }),
    success: [200],
    errors: [...fileErrors, 'versionNotFound'],
  }),
  restoreVersion: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/versions/{version}/restore',
    summary: 'Make the text as it was, as a new edit; what stood there becomes a version',
    action: 'version.restore',
    params: oneFile.extend({ version: item }),
    query: noQuery,
    body: nothingElse,
    response: replacedSchema,
    success: [200],
    errors: [...fileErrors, 'versionNotFound', 'tooLarge', 'textMoved'],
  }),
  takeBack: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/take-back',
    summary: 'Make the text another one, as a new edit, unless somebody has changed it meanwhile',
    action: 'document.edit',
    params: oneFile,
    query: noQuery,
    body: z.object({
      text: fileTextSchema,
      replaces: textHashSchema.meta({ description: 'Of the text that is to be replaced.' }),
      as,
    }),
    maxJsonBytes: FILE_TEXT_JSON_BYTES,
    response: replacedSchema,
    success: [200],
    errors: [...fileErrors, 'tooLarge', 'textMoved'],
  }),
  noteMerge: operation({
    method: 'POST',
    path: '/projects/{project}/files/{path}/merges',
    summary: 'Say that edits have met in a config that does not parse, with the last text that did',
    action: 'document.edit',
    params: oneFile,
    query: noQuery,
    body: z.object({
      merged: textHashSchema.meta({ description: 'Of the text that does not parse.' }),
      good: fileTextSchema,
    }),
    maxJsonBytes: FILE_TEXT_JSON_BYTES,
    response: versionSchema,
    success: [201],
    errors: [...fileErrors, 'tooLarge', 'textMoved'],
  }),
  listMentions: operation({
    method: 'GET',
    path: '/projects/{project}/mentions',
    summary: 'Where others have mentioned the caller and he has not read it yet, oldest first',
    action: 'document.read',
    params: inProject,
    query: z.object({
      person: personIdSchema
        .optional()
        .meta({ description: 'Read only while sign-in is off; else it is the caller.' }),
    }),
    body: null,
    response: z.object({ mentions: z.array(mentionSchema) }),
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted'],
  }),
  readMentions: operation({
    method: 'POST',
    path: '/projects/{project}/mentions/read',
    summary: 'Mark what the caller was mentioned in as read: one thread',
    action: 'document.read',
    params: inProject,
    query: noQuery,
    body: z.object({ thread: item, as }),
    response: z.object({ read: z.number().int() }),
    success: [200],
    errors: ['badRequest', 'projectNotFound', 'projectDeleted'],
  }),
};
