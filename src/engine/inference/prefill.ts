/**
 * How prompts get into the cache: in blocks, of every sequence at once, up to the last token of each. That
 * one is read alone, like every later one, and it alone asks for logits.
 */

/** Tokens that are read at once; fewer are filled up, more are several blocks. */
const BLOCKS = [8, 32, 64, 128, 256] as const;

export interface Block {
  /** Tokens of each sequence. */
  readonly size: number;
  /** Where each sequence's tokens start. */
  readonly starts: readonly number[];
}

/** A sequence that is read from `from` up to `to`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * The blocks that cover every span. What a sequence reads beyond its span, and what it reads again so that
 * a block ends inside the cache, is written anew as it was or masked until it is written.
 */
export function prefillBlocks(spans: readonly Span[], capacity: number): Block[] {
  const blocks: Block[] = [];
  let done = spans.map(({ from }) => from);
  for (;;) {
    const most = Math.max(...spans.map(({ to }, b) => to - (done[b] as number)));
    if (most <= 0) return blocks;
    const wanted = BLOCKS.find((block) => block >= most) ?? BLOCKS[BLOCKS.length - 1] ?? 1;
    const size = Math.min(wanted, capacity);
    const starts = done.map((at) => Math.min(at, capacity - size));
    blocks.push({ size, starts });
    done = spans.map(({ to }, b) => Math.max(done[b] as number, Math.min(to, (starts[b] as number) + size)));
  }
}
