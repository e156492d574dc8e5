import { join } from 'node:path';

/** Beside what npm installs: whoever can write there can change the program anyway. */
const FOLDER = join(import.meta.dirname, '..', 'node_modules', '.cache', 'anneal-threads');

/**
 * What threads of TypeScript are started with. Node takes the types out of their modules by WebAssembly, in every
 * thread anew, and V8 has been seen to bring the process down where such threads come and go. Node's cache of compiled
 * modules has them without: the first thread that ever runs here fills it, and those after it need no WebAssembly
 * and are ready in a third of the time. Where it cannot be written everything is as it is without.
 */
export function threadEnvironment(folder = FOLDER): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: folder, ...process.env };
}
