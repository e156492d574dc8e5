import { BROKEN, EPOCH } from './assembly/layout.ts';
import type { HelperStart } from './host.ts';
import { instantiate } from './kernels.ts';

/**
 * The life of a helper thread: waits for work and does it, until it is told to stop. It hears no
 * messages meanwhile. When a kernel traps, everybody is told before the error goes on.
 */
export async function serveAsHelper(
  { module, memory, control, thread }: HelperStart,
  ready: () => void,
): Promise<void> {
  const { kernels, init } = await instantiate(module, memory);
  init(control, thread);
  ready();
  try {
    kernels.serve();
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, (control + BROKEN) >> 2, 1);
    Atomics.add(words, (control + EPOCH) >> 2, 1);
    Atomics.notify(words, (control + EPOCH) >> 2);
    throw error;
  }
}
