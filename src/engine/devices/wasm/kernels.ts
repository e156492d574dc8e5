import { now } from './host.ts';

/** What a module exports besides its kernels. */
interface Exports {
  readonly table: WebAssembly.Table;
  init(control: number, thread: number): void;
  run(list: number): number;
  resume(): number;
  serve(): number;
  heapBase(): number;
}

export interface Kernels extends Omit<Exports, 'table' | 'init'> {
  /** Number of each kernel, as commands have it. */
  readonly numbers: ReadonlyMap<string, number>;
}

const OTHERS: readonly string[] = ['init', 'run', 'resume', 'serve', 'heapBase'];

/**
 * An instance of the module for one thread. Kernels are numbered in the order in which they are
 * exported, which is the same in every thread.
 */
export async function instantiate(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): Promise<{ readonly kernels: Kernels; init(control: number, thread: number): void }> {
  const instance = await WebAssembly.instantiate(module, { env: { memory, now } });
  const exports = instance.exports as unknown as Exports & Record<string, unknown>;
  const names = WebAssembly.Module.exports(module)
    .filter(({ kind, name }) => kind === 'function' && !OTHERS.includes(name))
    .map(({ name }) => name);
  const first = exports.table.grow(names.length);
  const numbers = new Map<string, number>();
  for (const [i, name] of names.entries()) {
    exports.table.set(first + i, exports[name]);
    numbers.set(name, first + i);
  }
  const { run, resume, serve, heapBase } = exports;
  return { kernels: { numbers, run, resume, serve, heapBase }, init: exports.init };
}
