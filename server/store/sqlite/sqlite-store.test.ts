import { temporaryFolder } from '../../testing/fixture.ts';
import { type Site, storeAcceptance } from '../testing/acceptance.ts';
import { keptAcceptance } from '../testing/kept-acceptance.ts';
import { lendingAcceptance } from '../testing/lending-acceptance.ts';
import { reviewAcceptance } from '../testing/review-acceptance.ts';
import { SqliteStore } from './sqlite-store.ts';

const site = async (): Promise<Site> => {
  const folder = await temporaryFolder();
  return { open: () => SqliteStore.open(folder) };
};
storeAcceptance(site);
reviewAcceptance(site);
keptAcceptance(site);
lendingAcceptance(site);
