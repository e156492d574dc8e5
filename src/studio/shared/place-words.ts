import type { ArtifactState } from '../../services/artifacts/state.ts';
import { formatBytes } from '../../ui/format.ts';

/** Where an artifact is, for people. */
export interface PlaceWords {
  readonly place: 'both' | 'here' | 'server' | 'nowhere' | 'unknown' | 'moving' | 'stuck';
  readonly short: string;
  readonly long: string;
}

export function placeWords(state: ArtifactState | undefined, online: boolean): PlaceWords {
  if (state === undefined || state.here === null)
    return { place: 'unknown', short: 'looking', long: 'It is being looked for' };
  const { here, server, moving, problem } = state;
  if (moving !== null) {
    const share = moving.total ? ` ${Math.floor((100 * moving.done) / moving.total)}%` : '';
    return moving.way === 'up'
      ? { place: 'moving', short: `sending${share}`, long: 'It is on its way to the server' }
      : { place: 'moving', short: `fetching${share}`, long: 'It is being fetched from the server' };
  }
  if (problem !== null)
    return {
      place: 'stuck',
      short: here ? 'here only' : 'not here',
      long: `${problem.message}. ${problem.fix}`,
    };
  if (here && server === true)
    return { place: 'both', short: 'here and on the server', long: 'It is on this device and on the server' };
  if (here)
    return {
      place: 'here',
      short: 'here only',
      long: online
        ? 'It is on this device alone and will be sent to the server'
        : 'It is on this device alone; it is sent when the server can be reached',
    };
  if (server === true)
    return {
      place: 'server',
      short: 'on the server only',
      long: `It is on the server; ${formatBytes(state.bytes)} are fetched when they are needed`,
    };
  return server === null
    ? {
        place: 'unknown',
        short: 'not here',
        long: 'It is not on this device, and the server cannot be asked',
      }
    : { place: 'nowhere', short: 'not here yet', long: 'Whoever added it has not sent it yet' };
}
