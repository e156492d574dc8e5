import type { RoomState } from '../../collab/room.ts';
import { CloseCode } from '../../protocol/sync.ts';

export interface Words {
  readonly short: string;
  readonly long: string;
  readonly tone: 'good' | 'busy' | 'away' | 'bad';
}

/** The state of a shared text in words. What matters to people: is it kept, and where. */
export function connectionWords(state: RoomState | null): Words {
  if (state === null) return { short: 'Opening', long: 'Reading what this machine keeps.', tone: 'busy' };
  const isKept = state.local !== 'failed';
  const keptHere = isKept
    ? 'What you write is kept on this device.'
    : 'What you write cannot be kept on this device: storage is full or blocked.';
  /** Where the last edits are while the server is not known to have them. */
  const here = isKept ? 'On this device' : 'In this tab only';
  const { connection } = state;
  switch (connection.kind) {
    case 'connecting':
      return { short: 'Connecting', long: `Connecting to the server. ${keptHere}`, tone: 'busy' };
    case 'synced':
      if (connection.saved === null)
        return {
          short: 'Connected',
          long: `The server does not say what it keeps. ${keptHere}`,
          tone: 'busy',
        };
      if (!connection.saved)
        return { short: here, long: `The server is writing your last edits. ${keptHere}`, tone: 'busy' };
      return {
        short: 'Saved on server',
        long: `Everything is on the server's disk. ${keptHere}`,
        tone: isKept ? 'good' : 'away',
      };
    case 'offline':
      return {
        short: `Offline · ${here.toLowerCase()}`,
        long: `The server cannot be reached; edits merge when it is back. ${keptHere}`,
        tone: isKept ? 'away' : 'bad',
      };
    case 'refused':
      if (connection.code === CloseCode.unauthorized)
        return {
          short: `Signed out · ${here.toLowerCase()}`,
          long: `Your session has ended; edits go to the server when you have signed in again. ${keptHere}`,
          tone: isKept ? 'away' : 'bad',
        };
      if (connection.code === CloseCode.forbidden)
        return {
          short: `Not sent · ${here.toLowerCase()}`,
          long: `Your role does not allow the edits that are only here; the server has not taken them. ${keptHere}`,
          tone: 'bad',
        };
      return {
        short: 'Not connected',
        long: `${connection.reason || `The server closed the connection (${connection.code})`}. ${keptHere}`,
        tone: 'bad',
      };
    case 'replaced':
      return {
        short: 'Another document',
        long: 'The server has another document under this name. Nothing was merged.',
        tone: 'bad',
      };
  }
}
