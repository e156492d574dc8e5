import { setTimeout as later } from 'node:timers';

/** So long a wait is polled without a pause: what takes less is heard of at once. */
const EAGER_MS = 4;
/** From then on. */
const PAUSE_MS = 1;

type Soon = (callback: (...args: unknown[]) => void, ...args: unknown[]) => unknown;

export interface PollingClock {
  readonly now: () => number;
  readonly soon: Soon;
  readonly later: (callback: () => void, ms: number) => unknown;
}

/**
 * Dawn asks for its events with setImmediate, again and again for as long as anything is under way: the loop
 * never sleeps, and waiting costs a core, which a software adapter computes on. Its callbacks, and they alone,
 * are told by being no JavaScript: a wait that has lasted is polled with pauses.
 */
export function patientImmediate({ now, soon, later }: PollingClock): Soon {
  let isPolling = false;
  let since = 0;
  return (callback, ...args) => {
    if (!isNative(callback)) return soon(callback, ...args);
    // Asked for while polling, it is the same wait that goes on.
    if (!isPolling) since = now();
    const poll = (): void => {
      isPolling = true;
      try {
        callback(...args);
      } finally {
        isPolling = false;
      }
    };
    return now() - since < EAGER_MS ? soon(poll) : later(poll, PAUSE_MS);
  };
}

/** Puts it in the place of the global setImmediate, which is where Dawn looks for it. */
export function pollPatiently(): void {
  const { setImmediate: soon } = globalThis;
  const clock = { now: () => performance.now(), soon: soon as Soon, later };
  globalThis.setImmediate = Object.defineProperties(
    patientImmediate(clock),
    Object.getOwnPropertyDescriptors(soon),
  ) as typeof soon;
}

const NATIVE = /^function \(\) \{ \[native code\] \}$/;

function isNative(callback: unknown): boolean {
  if (typeof callback !== 'function' || callback.name !== '') return false;
  return NATIVE.test(Function.prototype.toString.call(callback));
}
