import { CloseCode } from '../../protocol/sync.ts';
import { type Room, useProjectRoom, useRoomState } from './use-room.ts';

/** The server has closed the document because it is deleted: nothing can be written into it until it is back. */
export function isDeleted(state: Pick<Room['state'], 'connection'> | null): boolean {
  const connection = state?.connection;
  return connection?.kind === 'refused' && connection.code === CloseCode.gone;
}

/** A deleted project can be looked at and brought back, whatever one's role in it is. */
export function useProjectDeleted(project: string): boolean {
  return isDeleted(useRoomState(useProjectRoom(project).room));
}
