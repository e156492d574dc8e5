import { hash32, Random } from '../../src/base/random.ts';
import type { Device, Feeds, Outputs } from '../../src/engine/device.ts';
import { OP_CASES } from '../../src/engine/devices/acceptance-cases.ts';
import type { OpCase } from '../../src/engine/devices/acceptance-operands.ts';
import { opProgram } from '../../src/engine/devices/op-program.ts';
import { createReferenceDevice } from '../../src/engine/devices/reference/device.ts';
import type { OpName, Program } from '../../src/engine/graph/ir.ts';
import { roundToHalf } from '../../src/engine/graph/round-to-half.ts';

/** As in the conformance suite: relative, in the 2-norm. */
const TOLERANCES = { float32: 1e-5, float16: 1e-2 } as const;
/** The largest half: what is more has no other value to be compared with. */
const LARGEST = 65_504;

export interface OpResult {
  readonly op: string;
  readonly ok: boolean;
  /** The worst over its cases; null where it did not run. */
  readonly error: number | null;
  readonly why?: string;
}

/**
 * Every op of the graph against the reference device, twice for the same bits: what the conformance suite
 * tries first, without a test runner, for machines that have nothing but a GPU. With float16 operands and
 * results are what is computed on the way, so that they are kept as halves.
 */
export async function conformance(
  device: Device,
  seed: number,
  dtype: keyof typeof TOLERANCES = 'float32',
): Promise<readonly OpResult[]> {
  const reference = createReferenceDevice();
  const results: OpResult[] = [];
  for (const op of Object.keys(OP_CASES) as (keyof typeof OP_CASES)[]) {
    try {
      const random = new Random(hash32(seed, ...new TextEncoder().encode(op)));
      const half = dtype === 'float16';
      const cases = OP_CASES[op](random) as readonly OpCase<OpName>[];
      const { program, feeds } = opProgram(op, half ? cases.map(rounded) : cases, half);
      const [wanted] = await runTwice(reference, program, feeds);
      const [first, second] = await runTwice(device, half ? { ...program, dtype } : program, feeds);
      const compared = Object.entries(wanted).filter(
        ([, values]) => !half || values.every((value) => Math.abs(value) <= LARGEST),
      );
      const errors = compared.map(([key, values]) => relativeError(first[key], values));
      const error = Math.max(...errors);
      const again = Object.keys(first).every((key) => sameBits(first[key], second[key]));
      const ok = error < TOLERANCES[dtype] && again;
      results.push({ op, ok, error, ...(again ? {} : { why: 'other bits the second time' }) });
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      results.push({ op, ok: false, error: null, why });
    }
  }
  return results;
}

/** Operands that halves hold, so that comparisons see what the reference device sees, before the change of sign. */
function rounded(one: OpCase<OpName>): OpCase<OpName> {
  const inputs = one.inputs.map((operand) =>
    'ids' in operand ? operand : { ...operand, values: operand.values.map((value) => -roundToHalf(value)) },
  );
  return { ...one, inputs };
}

async function runTwice(device: Device, program: Program, feeds: Feeds): Promise<[Outputs, Outputs]> {
  const session = await device.open([]);
  try {
    const executable = await session.compile(program);
    const first = await executable.run(feeds);
    const kept = Object.fromEntries(Object.entries(first).map(([key, values]) => [key, values.slice()]));
    return [kept, await executable.run(feeds)];
  } finally {
    session.dispose();
  }
}

/** |a - b| / |b|; infinite where something is missing or not a number. */
function relativeError(a: Float32Array | undefined, b: Float32Array): number {
  let [difference, norm] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    difference += ((a?.[i] ?? Number.NaN) - (b[i] ?? 0)) ** 2;
    norm += (b[i] ?? 0) ** 2;
  }
  const error = Math.sqrt(difference) / (norm === 0 ? 1 : Math.sqrt(norm));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

function sameBits(a: Float32Array | undefined, b: Float32Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [x, y] = [a, b].map((values) => new Uint32Array(Float32Array.from(values).buffer)) as [
    Uint32Array,
    Uint32Array,
  ];
  return x.length === y.length && x.every((bits, i) => bits === y[i]);
}
