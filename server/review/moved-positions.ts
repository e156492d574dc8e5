import type * as Y from 'yjs';
import type { TextPosition } from '../../src/protocol/review.ts';
import { TEXT_ROOT } from '../../src/protocol/sync.ts';
import type { Stretches } from '../sync/stretches.ts';

interface Piece {
  readonly clock: number;
  readonly length: number;
  /** In the visible text; of what was deleted, where it stood. */
  readonly offset: number;
  readonly visible: boolean;
}

/**
 * Takes positions in a text to the same places in the text that begins anew. The old text is walked once, so that
 * thousands of positions cost no more than a look-up each.
 */
export class MovedPositions {
  readonly #pieces = new Map<number, Piece[]>();
  readonly #after: Stretches;

  constructor(before: Y.Text, after: Stretches) {
    this.#after = after;
    let offset = 0;
    for (let item = before._start; item !== null; item = item.right) {
      const { client, clock } = item.id;
      const visible = !item.deleted && item.countable;
      const piece = { clock, length: item.length, offset, visible };
      const pieces = this.#pieces.get(client);
      if (pieces === undefined) this.#pieces.set(client, [piece]);
      else pieces.push(piece);
      if (visible) offset += item.length;
    }
    for (const pieces of this.#pieces.values()) pieces.sort((a, b) => a.clock - b.clock);
  }

  /** The position as it was, where it is of no such text. */
  moved(position: TextPosition): TextPosition {
    const { item, assoc = 0 } = position;
    const piece = this.#pieceOf(position);
    if (item === undefined || piece === undefined) return position;
    const within = piece.visible ? item.clock - piece.clock + (assoc < 0 ? 1 : 0) : 0;
    const offset = piece.offset + within;
    const id = this.#after.idAt(assoc < 0 ? offset - 1 : offset);
    const { item: _, ...where } = position;
    return id === null ? { ...where, tname: TEXT_ROOT } : { ...where, tname: TEXT_ROOT, item: id };
  }

  /** Whether the very character that a position holds on to has been deleted. */
  isGone(position: TextPosition): boolean {
    return position.item !== undefined && this.#pieceOf(position)?.visible !== true;
  }

  #pieceOf({ item }: TextPosition): Piece | undefined {
    if (item === undefined) return undefined;
    const pieces = this.#pieces.get(item.client) ?? [];
    let [low, high] = [0, pieces.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((pieces[middle]?.clock ?? 0) <= item.clock) low = middle + 1;
      else high = middle;
    }
    const piece = pieces[low - 1];
    return piece !== undefined && item.clock < piece.clock + piece.length ? piece : undefined;
  }
}
