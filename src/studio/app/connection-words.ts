import type { RoomState } from '../../collab/room.ts';

export interface Words {
  readonly short: string;
  readonly long: string;
  readonly tone: 'good' | 'busy' | 'away' | 'bad';
}

/** The state of a shared text in words. What matters to people: is it kept, and where. */
export function connectionWords(state: RoomState | null): Words {
  if (state === null) return { short: 'Opening', long: 'Reading what this machine keeps.', tone: 'busy' };
  const keptHere =
    state.local === 'failed'
      ? 'It could not be kept on this machine: storage is full or blocked.'
      : 'It is kept on this machine.';
  const { connection } = state;
  switch (connection.kind) {
    case 'connecting':
      return { short: 'Connecting', long: `Connecting to the server. ${keptHere}`, tone: 'busy' };
    case 'synced':
      if (connection.saved === false)
        return { short: 'Saving', long: `The server is writing your last edits. ${keptHere}`, tone: 'busy' };
      return {
        short: connection.saved === null ? 'Connected' : 'Saved',
        long: `Everything is on the server's disk. ${keptHere}`,
        tone: state.local === 'failed' ? 'away' : 'good',
      };
    case 'offline':
      return {
        short: 'Offline',
        long: `The server cannot be reached; edits merge when it is back. ${keptHere}`,
        tone: state.local === 'failed' ? 'bad' : 'away',
      };
    case 'refused':
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
