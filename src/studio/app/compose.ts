import type { Services } from './services.ts';

/** Makes the adapters and hands them to the services: the studio's one place that does. */
export function composeServices(): Services {
  return {
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
  };
}
