import { AnnealError, type ErrorFacts } from '../../../base/error.ts';
import type { Device, DeviceInfo, Executable, Outputs, Session, StepProfile } from '../../device.ts';

/**
 * The wasm device of a worker, for tests that run on a page: there the device itself may not wait for its
 * threads. Everything a Device takes and gives is data, so that it goes through messages as it is.
 */
export interface RemoteOptions {
  readonly threads?: number;
  /** False does without relaxed SIMD. */
  readonly relaxed?: boolean;
  /** False does without shared memory, as on a page that is not isolated. */
  readonly shared?: boolean;
}

/** What the worker is asked: a method of the device, of a session or of an executable, by number. */
export interface Request {
  readonly id: number;
  readonly on: 'worker' | 'device' | 'session' | 'executable';
  readonly target: number;
  readonly method: string;
  readonly args: readonly unknown[];
}

/** `memory` is what the session holds after the call, where it was one on a session or a program of it. */
export type Reply =
  | { readonly id: number; readonly value: unknown; readonly memory: number | null }
  | { readonly id: number; readonly error: ErrorFacts }
  | { readonly lost: ErrorFacts };

export interface RemoteDevice extends Device {
  /** Ends the worker in the middle of whatever it does. */
  kill(): void;
}

export async function openRemoteWasm(options: RemoteOptions = {}): Promise<RemoteDevice> {
  const worker = new Worker(new URL('./device.worker.ts', import.meta.url), { type: 'module' });
  const waiting = new Map<number, PromiseWithResolvers<Extract<Reply, { value: unknown }>>>();
  const { promise: lost, resolve: lose } = Promise.withResolvers<AnnealError>();
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if ('lost' in data) {
      lose(new AnnealError(data.lost));
      return;
    }
    const asked = waiting.get(data.id);
    waiting.delete(data.id);
    if ('error' in data) asked?.reject(new AnnealError(data.error));
    else asked?.resolve(data);
  };
  worker.onerror = (event) => {
    for (const asked of waiting.values()) asked.reject(new Error(event.message));
  };
  let last = 0;
  const ask = (on: Request['on'], target: number, method: string, ...args: readonly unknown[]) => {
    const asked = Promise.withResolvers<Extract<Reply, { value: unknown }>>();
    const id = ++last;
    waiting.set(id, asked);
    worker.postMessage({ id, on, target, method, args } satisfies Request);
    return asked.promise;
  };
  const info = (await ask('worker', 0, 'start', options)).value as DeviceInfo;
  return {
    info,
    lost,
    open: async (state) => {
      const { value, memory } = await ask('device', 0, 'open', state);
      return remoteSession(value as number, memory, ask);
    },
    ceilings: async () => (await ask('device', 0, 'ceilings')).value as never,
    // The worker stays until its page goes: what the device gives back is the device's own business.
    dispose: () => void ask('device', 0, 'dispose').finally(() => worker.terminate()),
    kill: () => worker.terminate(),
  };
}

type Ask = (
  on: Request['on'],
  target: number,
  method: string,
  ...args: readonly unknown[]
) => Promise<{ readonly value: unknown; readonly memory: number | null }>;

function remoteSession(target: number, held: number | null, ask: Ask): Session {
  let memory = held;
  const call = async (on: Request['on'], target: number, method: string, ...args: readonly unknown[]) => {
    const reply = await ask(on, target, method, ...args);
    memory = reply.memory;
    return reply.value;
  };
  return {
    write: async (name, values) => void (await call('session', target, 'write', name, values)),
    read: async (name) => (await call('session', target, 'read', name)) as Float32Array,
    compile: async (program) => {
      const number = (await call('session', target, 'compile', program)) as number;
      const executable: Executable = {
        run: async (feeds) => (await call('executable', number, 'run', feeds)) as Outputs,
        profile: async (feeds) => (await call('executable', number, 'profile', feeds)) as StepProfile,
        dispose: () => void ask('executable', number, 'dispose'),
      };
      return executable;
    },
    memoryBytes: () => memory,
    dispose: () => void ask('session', target, 'dispose'),
  };
}
