import type * as Y from 'yjs';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { ProjectFile } from '../../src/protocol/http/files.ts';
import { FILES_ROOT, type FileEntry, PROJECT_DOCUMENT, readFileEntry } from '../../src/protocol/sync.ts';
import type { DocumentName } from '../store/write.ts';

// A project's list of files as its document holds it. Any editor writes there: what is no entry is not there.

export const documentOf = (project: string): DocumentName => ({ project, path: PROJECT_DOCUMENT });

export const filesMap = (doc: Y.Doc): Y.Map<unknown> => doc.getMap(FILES_ROOT);

export function set(files: Y.Map<unknown>, path: string, entry: FileEntry): ProjectFile {
  files.set(path, entry);
  return { ...entry, path };
}

export function entryOf(files: Y.Map<unknown>, path: string): FileEntry {
  const entry = readFileEntry(path, files.get(path));
  if (entry === null) throw protocolErrors.fileNotFound({ where: path });
  return entry;
}

export function liveEntry(files: Y.Map<unknown>, path: string): FileEntry {
  const entry = entryOf(files, path);
  if (entry.deleted !== undefined) throw protocolErrors.fileDeleted({ where: path });
  return entry;
}

/** Whether a path only says where this very file went: then the file may be named as before. */
export function leadsTo(files: Y.Map<unknown>, from: string, path: string): boolean {
  let at = from;
  for (let moves = 0; moves <= files.size; moves++) {
    const next = readFileEntry(at, files.get(at))?.movedTo;
    if (next === undefined) return false;
    if (next === path) return true;
    at = next;
  }
  return false; // editors may write circles
}

/** The hashes of the artifacts that a text names by their paths; only what it names is looked into. */
export function artifactsNamedIn(files: Y.Map<unknown>, text: string): string[] {
  return [...files.keys()].flatMap((path) => {
    const entry = text.includes(path) ? readFileEntry(path, files.get(path)) : null;
    return entry?.kind === 'artifact' && entry.deleted === undefined ? [entry.sha256] : [];
  });
}
