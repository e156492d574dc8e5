import { expect, onTestFinished, test, vi } from 'vitest';
import { ReviewRoot } from './review.ts';
import { readThreads } from './review-reading.ts';

const by = { id: 'user-1', name: 'Ada' };

/** Comments in no order, each thread's spread over all of them. */
function reviewOf(threads: number, comments: number) {
  const roots = new Map<string, Map<string, unknown>>([
    [ReviewRoot.threads, new Map()],
    [ReviewRoot.comments, new Map()],
    [ReviewRoot.resolutions, new Map([['t1', { by, at: 5 }]])],
  ]);
  for (let i = 0; i < threads; i++)
    roots.get(ReviewRoot.threads)?.set(`t${i}`, { id: `t${i}`, by, created: threads - i, anchor: null });
  for (let i = 0; i < comments; i++) {
    const comment = { id: `c${i}`, thread: `t${i % (threads + 1)}`, by, created: comments - i, text: 'why' };
    roots.get(ReviewRoot.comments)?.set(comment.id, comment);
  }
  return (root: string) => roots.get(root)?.entries() ?? [];
}

test('threads are read oldest first, each with its own comments, oldest first', () => {
  const read = readThreads(reviewOf(3, 12));
  expect(read.map(({ id, comments }) => [id, comments.map((comment) => comment.id)])).toEqual([
    ['t2', ['c10', 'c6', 'c2']],
    ['t1', ['c9', 'c5', 'c1']],
    ['t0', ['c8', 'c4', 'c0']],
  ]);
});

test('the comments are gone through once, not once for each thread', () => {
  let looked = 0;
  const plain = Array.prototype.filter;
  const filter = vi.spyOn(Array.prototype, 'filter').mockImplementation(function (
    this: unknown[],
    ...args: Parameters<typeof plain>
  ) {
    looked += this.length;
    return plain.apply(this, args);
  });
  onTestFinished(() => filter.mockRestore());
  const read = readThreads(reviewOf(200, 1_000));
  filter.mockRestore();
  expect(read).toHaveLength(200);
  expect(looked).toBeLessThanOrEqual(2_000);
});
