import { createContext, useContext } from 'react';
import type { Clock } from '../../base/clock.ts';
import type { Documents } from '../../collab/documents.ts';
import type { ProfileStore } from './profile.ts';
import type { TrainingServices } from './training-services.ts';

/**
 * What screens may ask for. The composition root (compose.ts) makes it; screens take it from the
 * context and construct nothing themselves, so that a test can hand in its own.
 */
export interface Services extends TrainingServices {
  readonly clock: Clock;
  readonly documents: Documents;
  readonly profile: ProfileStore;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error('Services are used outside of the app.');
  return services;
}
