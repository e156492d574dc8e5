import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Packer } from './intervals.ts';

const block = fc.record({
  units: fc.integer({ min: 1, max: 9 }),
  first: fc.integer({ min: -1, max: 2000 }),
  // Most live shortly, some through the whole program.
  length: fc.oneof(
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 5 }),
    fc.integer({ min: 0, max: 2000 }),
  ),
});

test('blocks that live at the same time lie apart, each in the first gap there is when it is placed', () => {
  fc.assert(
    fc.property(fc.array(block, { maxLength: 300 }), (blocks) => {
      const packer = new Packer();
      for (const [id, { units, first, length }] of blocks.entries()) {
        packer.add(id, 256 * units, first, first + length, undefined);
      }
      const placed: { readonly id: number; readonly at: number }[] = [];
      const total = packer.pack((id, at) => void placed.push({ id, at }));
      const spanOf = (id: number) => blocks[id] as (typeof blocks)[number];
      const before: typeof placed = [];
      let most = 0;
      for (const { id, at } of placed) {
        const { units, first, length } = spanOf(id);
        const rivals = before
          .filter((other) => {
            const { first: birth, length: life } = spanOf(other.id);
            return birth <= first + length && first <= birth + life;
          })
          .map((other) => ({ from: other.at, to: other.at + 256 * spanOf(other.id).units }))
          .sort((a, b) => a.from - b.from);
        let gap = 0;
        for (const { from, to } of rivals) {
          if (from - gap >= 256 * units) break;
          gap = Math.max(gap, to);
        }
        expect(at).toBe(gap);
        most = Math.max(most, at + 256 * units);
        before.push({ id, at });
      }
      expect(placed).toHaveLength(blocks.length);
      expect(total).toBe(most);
    }),
    { numRuns: 200 },
  );
});
