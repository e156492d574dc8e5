import { assertNever } from '../../src/base/assert-never.ts';

/**
 * The life of a room, apart from what is in it:
 *
 *   loading ─► live ◄─► idle ─► unloading ─► closed
 *      └──────────┴───────────────▲  ▲        ▲
 *                (told to close) ─┘  │        │   loading failed ─► closed
 *
 * live: somebody is in it, or something of it is on its way to the disk. idle: nobody, and all of it is on disk.
 * It leaves memory only when it is idle. A room that must go (deleted, server stopping, disk failing) is told to
 * close, which sends everybody away first.
 */
export interface RoomState {
  readonly phase: 'loading' | 'live' | 'idle' | 'unloading' | 'closed';
  /** Sockets and requests that hold it. */
  readonly users: number;
  /** Writes handed to the store and not yet on disk. */
  readonly unstored: number;
}

export type RoomEvent = {
  readonly kind: 'joined' | 'left' | 'loaded' | 'loadFailed' | 'wrote' | 'settled' | 'expired' | 'close';
};

export const newRoom: RoomState = { phase: 'loading', users: 0, unstored: 0 };

/** Whether it takes people and updates in. */
export const isOpen = ({ phase }: RoomState): boolean => phase === 'live' || phase === 'idle';

export function roomStep(state: RoomState, event: RoomEvent): RoomState {
  const { phase, users, unstored } = state;
  switch (event.kind) {
    case 'joined':
      if (phase === 'unloading' || phase === 'closed')
        throw new Error(`A room that is ${phase} takes nobody in`);
      return settle({ ...state, users: users + 1 });
    case 'left':
      return settle({ ...state, users: users - 1 });
    case 'loaded':
      return phase === 'loading' ? settle({ ...state, phase: 'live' }) : state;
    case 'loadFailed':
      return { ...state, phase: 'closed' };
    case 'wrote':
      if (!isOpen(state)) throw new Error(`A room that is ${phase} takes no update`);
      return settle({ ...state, unstored: unstored + 1 });
    case 'settled':
      return settle({ ...state, unstored: unstored - 1 });
    case 'expired':
      return phase === 'idle' ? settle({ ...state, phase: 'unloading' }) : state;
    case 'close':
      return phase === 'closed' ? state : settle({ ...state, phase: 'unloading' });
    default:
      return assertNever(event.kind);
  }
}

function settle(state: RoomState): RoomState {
  const still = state.users <= 0 && state.unstored === 0;
  if (state.phase === 'unloading') return still ? { ...state, phase: 'closed' } : state;
  if (!isOpen(state)) return state;
  return { ...state, phase: still ? 'idle' : 'live' };
}
