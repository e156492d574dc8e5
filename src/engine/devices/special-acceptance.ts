import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hash32, Random } from '../../base/random.ts';
import type { Device, Feeds, Outputs } from '../device.ts';
import type { OpName, Program } from '../graph/ir.ts';
import { sizeOf } from '../graph/sizes.ts';
import { OP_CASES } from './acceptance-cases.ts';
import type { OpCase, Operand } from './acceptance-operands.ts';
import { opProgram } from './op-program.ts';
import { createReferenceDevice } from './reference/device.ts';

/** What is no number, what is none that counts, and what is below the normal ones. */
const SPECIAL = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e-40, -1.4e-45, -0];

/**
 * For devices that keep to IEEE 754 throughout (WGSL promises less): every op, gradients, norms and updates
 * among them, with one number of one operand replaced by each of those. What comes out must not be finite
 * where the reference's is not, and be near elsewhere: nothing is lost, nothing spreads. Whether it is infinite
 * or not a number depends on the order in which one multiplies.
 */
export function specialAcceptance(name: string, makeDevice: () => Promise<Device>): void {
  describe(`${name} with what is not finite, and denormals`, () => {
    let device: Device;
    const reference = createReferenceDevice();
    beforeAll(async () => {
      device = await makeDevice();
    });
    afterAll(() => device.dispose());

    for (const op of Object.keys(OP_CASES) as (keyof typeof OP_CASES)[]) {
      const seed = hash32(77_003, ...new TextEncoder().encode(op));
      const random = new Random(seed);
      const cases = (OP_CASES[op](random) as readonly OpCase<OpName>[]).filter(isSmall);
      const planted = cases.flatMap((one) =>
        plant(one, op === 'sample_token' ? 1 : one.inputs.length, random),
      );
      if (planted.length === 0) continue;
      test(`${op} keeps them where they belong`, async () => {
        const { program, feeds } = opProgram(
          op,
          planted.map(({ one }) => one),
        );
        const wanted = await runOnce(reference, program, feeds);
        const got = await runOnce(device, program, feeds);
        for (const [key, values] of Object.entries(wanted)) {
          const where = `${op}, ${planted[Number(key)]?.what}, case ${key}, seed ${seed}`;
          expectAlike(got[key] ?? new Float32Array(0), values, where);
        }
      });
    }
  });
}

function isSmall({ inputs }: OpCase<OpName>): boolean {
  return inputs.every(({ shape }) => sizeOf(shape) <= 20_000);
}

/**
 * The case once for each of its first `count` operands that has floats and each special number, somewhere in it:
 * what one draws by is settings, which are checked before, and only logits can be anything.
 */
function plant(
  one: OpCase<OpName>,
  count: number,
  random: Random,
): readonly { readonly one: OpCase<OpName>; readonly what: string }[] {
  return one.inputs.slice(0, count).flatMap((operand, i) => {
    if (!('values' in operand) || operand.values.length === 0) return [];
    return SPECIAL.map((special) => {
      const values = operand.values.slice();
      const at = random.below(values.length);
      values[at] = special;
      const inputs: Operand[] = [...one.inputs];
      inputs[i] = { shape: operand.shape, values };
      return { one: { ...one, inputs }, what: `${special} at ${at} of operand ${i}, [${operand.shape}]` };
    });
  });
}

/** On the way to what is nearly too large for float32 it may become infinite. */
const NEARLY_TOO_LARGE = 1e30;

/** Near: within a ten-thousandth of the largest finite number there, as sums go through numbers of that size. */
function expectAlike(got: Float32Array, wanted: Float32Array, where: string): void {
  expect(got.length).toBe(wanted.length);
  const scale = wanted.reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
  for (const [i, b] of wanted.entries()) {
    const a = got[i] as number;
    if (Object.is(a, b) || a === b) continue;
    const alike = Number.isFinite(b)
      ? Math.abs(a - b) <= 1e-4 * scale + 1.2e-38 || (!Number.isFinite(a) && Math.abs(b) > NEARLY_TOO_LARGE)
      : !Number.isFinite(a);
    // Only what is wrong is told to Vitest, which takes longer over each of a million than the device.
    if (!alike) expect.fail(`${where}: element ${i} is ${a} instead of ${b}`);
  }
}

async function runOnce(device: Device, program: Program, feeds: Feeds): Promise<Outputs> {
  const session = await device.open([]);
  try {
    return await (await session.compile(program)).run(feeds);
  } finally {
    session.dispose();
  }
}
