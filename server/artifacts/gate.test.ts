import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { Gate } from './gate.ts';

test('whoever takes away is alone; those who add are not kept from one another', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const gate = new Gate();
  let adding = 0;
  let alone = 0;
  let most = 0;
  const turns = async (): Promise<void> => {
    for (let i = random.below(5); i > 0; i--) await new Promise((resolve) => setImmediate(resolve));
  };
  const add = () =>
    gate.adding(async () => {
      adding++;
      most = Math.max(most, adding);
      await turns();
      expect(alone).toBe(0);
      adding--;
    });
  const remove = () =>
    gate.alone(async () => {
      alone++;
      expect([alone, adding]).toEqual([1, 0]);
      await turns();
      expect([alone, adding]).toEqual([1, 0]);
      alone--;
    });
  const all: Promise<void>[] = [];
  for (let i = 0; i < 300; i++) {
    all.push(random.below(4) === 0 ? remove() : add());
    if (random.below(3) === 0) await turns();
  }
  await Promise.all(all);
  expect(most).toBeGreaterThan(1);
  await expect(gate.alone(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await gate.adding(async () => 1)).toBe(1); // a failure keeps nobody out
});
