import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hash32, Random } from '../../base/random.ts';
import type { Device } from '../device.ts';
import type { OpName } from '../graph/ir.ts';
import { lower } from '../graph/lower/lower.ts';
import { roundToHalf } from '../graph/round-to-half.ts';
import { verifyFixture } from '../training/verify.ts';
import { ACCEPTED_OPS, type AcceptedOp, relativeError, runOnce } from './acceptance.ts';
import { OP_CASES } from './acceptance-cases.ts';
import type { OpCase, Operand } from './acceptance-operands.ts';
import { type FixtureFiles, tensorsOf } from './fixture-acceptance.ts';
import { opProgram } from './op-program.ts';
import { createReferenceDevice } from './reference/device.ts';
import { expectSameBits } from './same-bits.ts';

/** Of the 2-norm: halves keep 11 bits, and a few roundings follow one another. */
const TOLERANCE = 1e-2;
/** The largest half. */
const LARGEST = 65_504;

/** What a device must pass that keeps halves for programs of dtype float16. */
export function float16Acceptance(
  name: string,
  makeDevice: () => Promise<Device>,
  fixtures: readonly FixtureFiles[],
  ops: readonly AcceptedOp[] = FLOAT16_OPS,
): void {
  describe(`${name} with float16`, () => {
    let device: Device;
    const reference = createReferenceDevice();
    beforeAll(async () => {
      device = asFloat16(await makeDevice());
    });
    afterAll(() => device.dispose());

    test.each(ops)(
      '%s computes what reference computes, and the same bits again',
      async (op) => {
        const { seed, cases } = casesOf(op);
        const { program, feeds } = opProgram(op, cases, true);
        const wanted = await runOnce(reference, program, feeds);
        const session = await device.open([]);
        try {
          const executable = await session.compile(program);
          const got = await executable.run(feeds);
          let compared = 0;
          for (const [key, values] of Object.entries(wanted)) {
            // What is drawn for a log-sum-exp may make weights of attention that no half can hold.
            if (values.some((value) => Math.abs(value) > LARGEST)) continue;
            compared++;
            const shape = cases[Number(key)]?.inputs.map((x) => `[${x.shape}]`).join(' ');
            const error = relativeError(got[key] ?? [], values);
            expect(error, `${op} of ${shape}, case ${key}, seed ${seed}`).toBeLessThan(TOLERANCE);
          }
          expect(compared).toBeGreaterThan(0);
          expectSameBits(await executable.run(feeds), got);
        } finally {
          session.dispose();
        }
      },
      240_000,
    );

    test.each(fixtures.map((fixture) => [fixture.name, fixture] as const))(
      'what PyTorch computed for %s, twice the same',
      async (_, { bytes, settings }) => {
        const request = { tensors: tensorsOf(bytes), settings, device };
        const verified = await verifyFixture(request);
        for (const kind of ['logits', 'loss', 'grad', 'losses', 'final'] as const) {
          expect(verified[kind], kind).toBeLessThan(TOLERANCE);
        }
        // With f32 they are a thousand times closer: halves were there.
        expect(verified.logits).toBeGreaterThan(1e-4);
        expect(await verifyFixture(request)).toEqual(verified);
      },
      240_000,
    );
  });
}

/** Those of which any case is computed from halves. */
export const FLOAT16_OPS: readonly AcceptedOp[] = ACCEPTED_OPS.filter((op) => {
  const { program } = opProgram(op, casesOf(op).cases, true);
  return lower(program, { half: true }).tensors.some(({ dtype }) => dtype === 'f16');
});

/** Cases with rows of fours, of numbers that halves hold, before the change of sign. */
function casesOf(op: AcceptedOp) {
  const seed = hash32(1116, ...new TextEncoder().encode(op));
  const random = new Random(seed);
  const cases: OpCase<OpName>[] = [];
  for (let round = 0; round < 30 && cases.length < 4; round++) {
    cases.push(...(OP_CASES[op](random) as readonly OpCase<OpName>[]).filter(hasFours));
  }
  const rounded = cases.slice(0, 4).map((one) => ({ ...one, inputs: one.inputs.map(held) }));
  return { seed, cases: rounded };
}

function hasFours({ inputs }: OpCase<OpName>): boolean {
  return inputs.some((one) => 'values' in one && one.shape.length > 1 && (one.shape.at(-1) ?? 1) % 4 === 0);
}

function held(operand: Operand): Operand {
  return 'ids' in operand
    ? operand
    : { ...operand, values: operand.values.map((value) => -roundToHalf(value)) };
}

/** The device, for which every program is one of dtype float16. */
function asFloat16(device: Device): Device {
  return {
    info: device.info,
    lost: device.lost,
    dispose: () => device.dispose(),
    open: async (state) => {
      const session = await device.open(state);
      return {
        compile: (program) => session.compile({ ...program, dtype: 'float16' }),
        write: (name, values) => session.write(name, values),
        read: (name) => session.read(name),
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
      };
    },
  };
}
