import { CloseCode } from '../../protocol/sync.ts';
import { isDeleted } from '../app/deleted.ts';
import type { Room } from '../app/use-room.ts';

/**
 * Why there is no text to check, to estimate or to train, in a sentence; null where there is one, or where it is on
 * its way.
 */
export function whyClosed(path: string, state: Room['state'] | null, projectDeleted: boolean): string | null {
  if (projectDeleted) return 'The project has been deleted.';
  if (state === null) return null;
  const { connection, ready } = state;
  if (isDeleted(state)) return `${path} has been deleted.`;
  if (connection.kind === 'refused' && connection.code === CloseCode.projectNotFound)
    return 'There is no such project or file.';
  const isAway = connection.kind === 'offline' || connection.kind === 'refused';
  return isAway && !ready ? 'The text is not on this machine yet.' : null;
}
