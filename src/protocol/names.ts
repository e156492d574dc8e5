import { z } from 'zod';

/** Names that cross the boundary: project ids, paths of files, hashes of artifacts. */

/** Lower-case letters, digits and hyphens; it is part of addresses. */
export const projectIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/)
  .meta({
    description: 'Id of a project: 1 to 64 lower-case letters, digits and hyphens.',
    examples: ['sample'],
  });

/** Of the same form, so that both can stand in addresses. */
export const workspaceIdSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/)
  .meta({
    description: 'Id of a workspace: 1 to 64 lower-case letters, digits and hyphens.',
    examples: ['home'],
  });

export const sha256Schema = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .meta({ description: 'SHA-256 of the bytes, 64 lower-case hexadecimal digits.' });

const MAX_PATH = 512;
const MAX_SEGMENT = 128;

/**
 * Why a text is no path of a file, or null where it is one. Paths are relative, use /, hold no empty,
 * `.` or `..` segment, no backslash, control character or lone surrogate, and are in Unicode form C, so that
 * one file has one name on every machine. A first segment that begins with `.project` is ours.
 */
export function pathProblem(path: string): string | null {
  if (path.length === 0) return 'a path may not be empty';
  if (path.length > MAX_PATH) return `a path has at most ${MAX_PATH} characters`;
  if (!path.isWellFormed() || path.normalize('NFC') !== path) return 'a path is in Unicode form C';
  for (const character of path) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x20 || (code >= 0x7f && code < 0xa0) || character === '\\') {
      return 'a path holds no control character and no backslash';
    }
  }
  if (path.startsWith('.project')) return 'names that begin with .project are reserved';
  for (const segment of path.split('/')) {
    if (segment === '') return 'a path is relative and has no empty part';
    if (segment === '.' || segment === '..') return 'a path has no . or .. part';
    if (segment.length > MAX_SEGMENT) return `a part of a path has at most ${MAX_SEGMENT} characters`;
    if (segment !== segment.trim()) return 'a part of a path neither begins nor ends with a space';
  }
  return null;
}

export const filePathSchema = z
  .string()
  .min(1)
  .max(MAX_PATH)
  .superRefine((path, context) => {
    const problem = pathProblem(path);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ description: 'Path of a file in its project, relative, with /.', examples: ['anneal.yaml'] });
