import { z } from 'zod';
import { REVIEW_PREFIX, TEXT_ROOT } from './sync.ts';

/**
 * What is said about a text: a Yjs document of its own beside each file's, at `/sync/<project>/` followed by
 * `reviewDocument(path)`. Every socket may only read it. The server alone writes it, for the operations in
 * http/review.ts: so it is certain who said what, it is live, and it is as durable as the text.
 *
 * Its roots are flat maps from an id to a plain value. What changes later stands in a map of its own
 * (`resolutions`, `decisions`), so that two things that happen at once never overwrite each other.
 */
export const ReviewRoot = {
  /** Thread id -> what it is about. */
  threads: 'threads',
  /** Comment id -> what was said, in which thread. */
  comments: 'comments',
  /** Thread id -> who resolved it; not there while it is open. */
  resolutions: 'resolutions',
  suggestions: 'suggestions',
  /** Suggestion id -> what became of it; not there while it is open. */
  decisions: 'decisions',
  /** Version id -> what is known of it; its text comes by http/review.ts. */
  versions: 'versions',
  /**
   * Yjs client id in decimal -> who sent what was written through it. Where it was somebody else from a clock on,
   * another entry says so: the id, a colon and that clock.
   */
  authors: 'authors',
  /** Hash of a text in which edits have met and that does not parse -> the version of the last one that did. */
  merges: 'merges',
} as const;

/** The path of the document that holds what is said about a file. */
export function reviewDocument(path: string): string {
  return REVIEW_PREFIX + path;
}

/** The file that a document is about; null where it is no such document. */
export function reviewedPath(path: string): string | null {
  return path.startsWith(REVIEW_PREFIX) ? path.slice(REVIEW_PREFIX.length) : null;
}

const uint = z.number().int().nonnegative();
const time = uint.meta({ description: 'Milliseconds since 1970 UTC.' });
const id = z.string().regex(/^[\w-]{1,64}$/);

/** Text that can be written down as it is: no half of a character, no NUL. */
const words = (max: number) =>
  z
    .string()
    .max(max)
    .overwrite((text) => text.replaceAll('\0', '\uFFFD').toWellFormed());

/** Of an account, a key, a link, or of a browser where nobody signs in. */
export const personIdSchema = z.string().regex(/^[\w.:-]{1,128}$/);

/** As they were called then. */
export const reviewPersonSchema = z.object({
  id: personIdSchema,
  name: words(64).trim().min(1),
});
export type ReviewPerson = z.infer<typeof reviewPersonSchema>;

/** A Yjs relative position in the text: it stays with its characters whatever others do. */
export const textPositionSchema = z.object({
  tname: z.literal(TEXT_ROOT),
  item: z.object({ client: uint, clock: uint }).optional(),
  /** Negative: holds on to what stands before it; else to what comes after. */
  assoc: z.number().int().min(-1).max(1).optional(),
});
export type TextPosition = z.infer<typeof textPositionSchema>;

export const MAX_QUOTE = 1_000;
export const anchorSchema = z.object({
  start: textPositionSchema,
  end: textPositionSchema,
  /** What stood there, for when it is gone. */
  quote: words(MAX_QUOTE),
});
export type Anchor = z.infer<typeof anchorSchema>;

export const threadSchema = z.object({
  id,
  by: reviewPersonSchema,
  created: time,
  /** Null: about the file as a whole. */
  anchor: anchorSchema.nullable(),
});
export type ReviewThread = z.infer<typeof threadSchema>;

/** Mentions are written `@[Name](id)`; src/domain/review/mentions.ts reads them. */
export const commentTextSchema = words(10_000).trim().min(1);
export const commentSchema = z.object({
  id,
  thread: id,
  by: reviewPersonSchema,
  created: time,
  text: commentTextSchema,
});
export type ReviewComment = z.infer<typeof commentSchema>;

export const resolutionSchema = z.object({ by: reviewPersonSchema, at: time });
export type Resolution = z.infer<typeof resolutionSchema>;

const MAX_EDIT = 64 * 1024;
/** Of all edits of a suggestion together. */
const MAX_EDITS = 256 * 1024;
export const suggestedEditSchema = z.object({
  start: textPositionSchema,
  end: textPositionSchema,
  /** What stood there when it was suggested; it must still, for the change to be made. */
  oldText: words(MAX_EDIT),
  newText: words(MAX_EDIT),
});
export type SuggestedEdit = z.infer<typeof suggestedEditSchema>;

/** SHA-256 of a text in UTF-8, in hexadecimal. */
export const textHashSchema = z.string().regex(/^[0-9a-f]{64}$/);

/** The result of a run of the suggested text. The run itself stays with whoever ran it. */
export const evidenceSchema = z.object({
  run: words(128).min(1),
  name: words(200),
  state: words(32),
  step: uint,
  max_steps: uint,
  loss: z.number().nullable(),
  validation_loss: z.number().nullable(),
  device: words(64).nullable(),
  /** Of the text that was trained. */
  config_sha256: textHashSchema.nullable(),
});
export type Evidence = z.infer<typeof evidenceSchema>;

export const suggestionSchema = z.object({
  id,
  by: reviewPersonSchema,
  created: time,
  title: words(200).trim().min(1),
  note: words(10_000).trim(),
  edits: z
    .array(suggestedEditSchema)
    .min(1)
    .max(100)
    .refine(
      (edits) => edits.reduce((sum, one) => sum + one.oldText.length + one.newText.length, 0) <= MAX_EDITS,
      {
        error: 'a suggestion changes less text than this',
      },
    ),
  evidence: evidenceSchema.nullable(),
});
export type Suggestion = z.infer<typeof suggestionSchema>;

export const decisionSchema = z.object({
  kind: z.enum(['accepted', 'rejected', 'withdrawn']),
  by: reviewPersonSchema,
  at: time,
});
export type Decision = z.infer<typeof decisionSchema>;

export const versionNameSchema = words(120).trim();
export const runNameSchema = words(128).min(1);
export const versionSchema = z
  .object({
    id,
    /** `auto`: made when the editing paused. `run`: made before a run. */
    kind: z.enum(['auto', 'named', 'run']),
    created: time,
    name: versionNameSchema.nullable(),
    /** The run that trained it. */
    run: runNameSchema.nullable(),
    /** Who made it; null where the server did. */
    by: reviewPersonSchema.nullable(),
    /** Who wrote since the version before. */
    editors: z.array(reviewPersonSchema).max(50),
    sha256: textHashSchema,
    characters: uint,
  })
  .meta({ id: 'Version' });
export type Version = z.infer<typeof versionSchema>;

/** Edits that have met in a text that does not parse. */
export const mergeSchema = z.object({ version: id, at: time });
export type Merge = z.infer<typeof mergeSchema>;

/** The text of a version, and who wrote which part of it. */
export const versionContentSchema = z.object({
  text: z.string(),
  people: z.array(reviewPersonSchema),
  /** In order: a length in UTF-16 units, and whose it is, as an index into `people`; -1 where nobody knows. */
  spans: z.array(z.tuple([uint, z.number().int().min(-1)])),
});
export type VersionContent = z.infer<typeof versionContentSchema>;
