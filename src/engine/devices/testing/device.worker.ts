import { toAnnealError } from '../../../base/error.ts';
import type { Device, Executable, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import { browserHost } from '../wasm/browser-host.ts';
import { openWasmDevice } from '../wasm/device.ts';
import type { RemoteOptions, Reply, Request } from './remote-device.ts';

/** The other end of remote-device.ts. */
let device: Device;
const sessions: Session[] = [];
const executables: { readonly executable: Executable; readonly session: Session }[] = [];

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  const { id } = data;
  try {
    const { value, session } = await answer(data);
    self.postMessage({ id, value, memory: session?.memoryBytes() ?? null } satisfies Reply);
  } catch (error) {
    self.postMessage({ id, error: toAnnealError(error, deviceErrors.failed).toJSON() } satisfies Reply);
  }
};

async function answer({ on, target, method, args }: Request): Promise<{ value: unknown; session?: Session }> {
  if (on === 'worker') return { value: await start(args[0] as RemoteOptions) };
  if (on === 'device') {
    if (method !== 'open') return { value: await call(device, method, args) };
    const session = await device.open(args[0] as Parameters<Device['open']>[0]);
    return { value: sessions.push(session) - 1, session };
  }
  if (on === 'session') {
    const session = sessions[target] as Session;
    const value = await call(session, method, args);
    if (method !== 'compile') return { value, session };
    return { value: executables.push({ executable: value as Executable, session }) - 1, session };
  }
  const { executable, session } = executables[target] as (typeof executables)[number];
  return { value: await call(executable, method, args), session };
}

async function start({ threads, relaxed, shared }: RemoteOptions): Promise<Device['info']> {
  const host = browserHost();
  const reason = 'the page is not cross-origin isolated, so that threads cannot share memory';
  device = await openWasmDevice(shared === false ? { ...host, noThreads: reason } : host, {
    ...(threads === undefined ? {} : { threads }),
    ...(relaxed === undefined ? {} : { features: { simd: true, relaxed } }),
    poison: true,
  });
  void device.lost.then((error) => self.postMessage({ lost: error.toJSON() } satisfies Reply));
  return device.info;
}

function call(on: object, method: string, args: readonly unknown[]): unknown {
  return (on as Record<string, (...args: readonly unknown[]) => unknown>)[method]?.(...args);
}
