import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Why syncs cannot be recorded here; null where `library` has been built. */
export type Recorder =
  | { readonly library: string; readonly why: null }
  | { readonly library: null; readonly why: string };

/** Builds what records syncs into the folder. */
export function buildRecorder(folder: string): Recorder {
  if (process.platform !== 'linux') return { library: null, why: 'syncs are recorded on Linux only' };
  const library = join(folder, 'recorder.so');
  const source = join(import.meta.dirname, 'recorder.c');
  const built = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl', '-lpthread'], {
    encoding: 'utf8',
  });
  if (built.error !== undefined) return { library: null, why: 'there is no C compiler (apt install gcc)' };
  if (built.status !== 0) return { library: null, why: `the recorder could not be built: ${built.stderr}` };
  return { library, why: null };
}

/** What a process needs in its environment to be recorded: all files whose paths begin like this. */
export function recorded(library: string, files: string, to: string): Record<string, string> {
  return { LD_PRELOAD: library, ANNEAL_RECORD_FILES: files, ANNEAL_RECORD_TO: to };
}
