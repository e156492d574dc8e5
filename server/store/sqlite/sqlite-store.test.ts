import { temporaryFolder } from '../../testing/fixture.ts';
import { storeAcceptance } from '../testing/acceptance.ts';
import { SqliteStore } from './sqlite-store.ts';

storeAcceptance(async () => {
  const folder = await temporaryFolder();
  return { open: () => SqliteStore.open(folder) };
});
