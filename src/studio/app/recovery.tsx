import { useEffect } from 'react';
import { useServices } from './services.ts';

/** Between two looks, milliseconds: another tab may end under its run while this one is open. */
const EVERY = 5_000;

/** Finds the runs whose tab ended under them, in this visit or the last, so that they can be gone on with. */
export function Recovery() {
  const { runs } = useServices();
  useEffect(() => {
    // Storage that cannot be read is for the screens that show runs to say.
    const recover = (): void => void runs.recover().catch(() => undefined);
    recover();
    const timer = setInterval(recover, EVERY);
    return () => clearInterval(timer);
  }, [runs]);
  return null;
}
