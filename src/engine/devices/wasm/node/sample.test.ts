import { expect, test } from 'vitest';
import { Random } from '../../../../base/random.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import { drawUniform, pickToken } from '../../../inference/pick.ts';
import { openWasmDevice } from '../device.ts';
import { nodeHost } from './host.ts';

const seed = Number(process.env['ANNEAL_SEED'] ?? Date.now() % 2 ** 31);

test(`tokens are drawn as pickToken draws them, seed ${seed}`, async () => {
  const device = await openWasmDevice(nodeHost(), { threads: 2 });
  const random = new Random(seed);
  for (const [rows, vocab] of [
    [3, 1],
    [5, 7],
    [4, 65],
    [3, 50_257],
  ] as const) {
    const g = new GraphBuilder();
    const names = ['temperature', 'top_k', 'top_p'] as const;
    const logits = g.input('logits', [fixed(rows), fixed(vocab)], 'f32');
    const uniform = g.input('uniform', [fixed(rows)], 'f32');
    const settings = names.map((name) => g.input(name, [], name === 'top_k' ? 'i32' : 'f32'));
    const ids = g.node('sample_token', [logits, uniform, ...settings], {});
    const session = await device.open([]);
    const executable = await session.compile(g.program('draw', { outputs: { ids } }));
    for (let round = 0; round < 40; round++) {
      // Coarse numbers have equals, of which some are kept and others are not.
      const coarse = random.below(2) === 0;
      const value = () => (coarse ? random.below(5) - 2 : 3 * random.normal());
      const numbers = Float32Array.from({ length: rows * vocab }, value);
      if (random.below(3) === 0) numbers[random.below(numbers.length)] = -0;
      const draws = Float32Array.from({ length: rows }, () => drawUniform(random));
      const temperature = random.pick([0, 0.5, 1, 1.5]);
      const top_k = random.pick([0, 1, 3, 50, vocab - 1, vocab + 1]);
      const top_p = Math.fround(random.pick([1, 0.9, 0.5, 0.01]));
      const fed = { logits: numbers, uniform: draws, temperature, top_k, top_p };
      const got = await executable.run(fed);
      for (let row = 0; row < rows; row++) {
        const own = numbers.subarray(row * vocab, (row + 1) * vocab);
        const wanted = pickToken(own, { temperature, top_k, top_p }, draws[row] ?? 0);
        expect(got['ids']?.[row], `${vocab} by ${temperature}, ${top_k}, ${top_p}`).toBe(wanted);
      }
    }
    session.dispose();
  }
  device.dispose();
});
