import type { Variant } from './features.ts';

/** What differs between a browser and Node. */
export interface WasmHost {
  load(variant: Variant): Promise<WebAssembly.Module>;
  /** Starts a thread that runs `helper.ts`. */
  startHelper(start: HelperStart, events: HelperEvents): Helper;
  /** Processors of this machine. */
  readonly processors: number;
  /** Why there can be no threads, as the rest of a sentence; null where there can. */
  readonly noThreads: string | null;
  /** Whether this thread may wait; a page's main thread may not. */
  readonly mayWait: boolean;
  /** How long helpers may take to start before the device goes on without them: milliseconds. */
  readonly start_ms: number;
}

export interface Helper {
  terminate(): void;
}

export interface HelperEvents {
  /** It is about to wait for work. */
  ready(): void;
  /** It has ended, asked for or not. */
  ended(reason: string): void;
}

/** What a helper is sent. */
export interface HelperStart {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  /** The address of the control block. */
  readonly control: number;
  /** Its number, from 1 on. */
  readonly thread: number;
}

/** What a helper says once, before it waits for work. */
export const READY = 'ready';

/** Milliseconds since 1970, by a clock that threads share and that is finer than Date's. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}
