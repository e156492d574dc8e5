import { useEffect, useState } from 'react';
import { AnnealError } from '../../base/error.ts';
import { protocolErrors } from '../../protocol/errors.ts';

export interface Attempt {
  readonly busy: boolean;
  /** Why the last one failed; null before the first, and while one is on its way. */
  readonly error: unknown;
  /** Seconds to wait until another may be made; 0 where it may. */
  readonly wait: number;
  /** True where it worked. */
  run(work: () => Promise<unknown>): Promise<boolean>;
}

/** Something that a person tries, and tries again, as often as the server lets him. */
export function useAttempt(): Attempt {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [until, setUntil] = useState(0);
  const wait = useSecondsUntil(until);
  const run = async (work: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await work();
      return true;
    } catch (thrown) {
      setError(thrown);
      const seconds = thrown instanceof AnnealError ? thrown.data?.retryAfterSeconds : undefined;
      if (typeof seconds === 'number') setUntil(Date.now() + seconds * 1000);
      return false;
    } finally {
      setBusy(false);
    }
  };
  const isThrottled = is(error, 'tooManyAttempts');
  return { busy, error: isThrottled && wait === 0 ? null : error, wait, run };
}

export function is(error: unknown, name: keyof typeof protocolErrors): boolean {
  return error instanceof AnnealError && error.code === protocolErrors[name].code;
}

function useSecondsUntil(until: number): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setNow(Date.now());
    if (until <= Date.now()) return;
    const timer = setInterval(() => {
      setNow(Date.now());
      if (Date.now() >= until) clearInterval(timer);
    }, 500);
    return () => clearInterval(timer);
  }, [until]);
  return Math.max(0, Math.ceil((until - now) / 1000));
}
