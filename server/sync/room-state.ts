import { assertNever } from '../../src/base/assert-never.ts';

/**
 * The life of a room, apart from what is in it:
 *
 *   loading ─► ready ─► closing ─► closed
 *      └──────────────────────────────▲   (loading failed)
 *
 * It leaves memory only when nobody is in it and everything that it holds is on disk. A room that must go
 * (deleted, server stopping, disk failing) is told to close, which sends everybody away first.
 */
export interface RoomState {
  readonly phase: 'loading' | 'ready' | 'closing' | 'closed';
  /** Sockets and requests that hold it. */
  readonly users: number;
  /** Updates handed to the store and not yet on disk. */
  readonly unstored: number;
}

export type RoomEvent = {
  readonly kind: 'joined' | 'left' | 'loaded' | 'loadFailed' | 'wrote' | 'settled' | 'idle' | 'close';
};

export const newRoom: RoomState = { phase: 'loading', users: 0, unstored: 0 };

export function roomStep(state: RoomState, event: RoomEvent): RoomState {
  const { phase, users, unstored } = state;
  switch (event.kind) {
    case 'joined':
      if (phase === 'closing' || phase === 'closed')
        throw new Error(`A room that is ${phase} takes nobody in`);
      return { ...state, users: users + 1 };
    case 'left':
      return finish({ ...state, users: users - 1 });
    case 'loaded':
      return phase === 'loading' ? { ...state, phase: 'ready' } : state;
    case 'loadFailed':
      return { ...state, phase: 'closed' };
    case 'wrote':
      if (phase !== 'ready') throw new Error(`A room that is ${phase} takes no update`);
      return { ...state, unstored: unstored + 1 };
    case 'settled':
      return finish({ ...state, unstored: unstored - 1 });
    case 'idle':
      return phase === 'ready' && users === 0 && unstored === 0 ? { ...state, phase: 'closed' } : state;
    case 'close':
      return phase === 'closed' ? state : finish({ ...state, phase: 'closing' });
    default:
      return assertNever(event.kind);
  }
}

function finish(state: RoomState): RoomState {
  const over = state.phase === 'closing' && state.users <= 0 && state.unstored === 0;
  return over ? { ...state, phase: 'closed' } : state;
}
