import type { KernelAttributes, KernelCallOf, PlanTensor } from '../../../../graph/lower/kernel-plan.ts';
import type { AdapterFacts } from '../../adapter-facts.ts';
import type { Dispatch, KernelContext } from '../../dispatch.ts';
import { NARROW, narrowMatmul } from './narrow.ts';
import { registerMatmul } from './registers.ts';
import { sharedMatmul, splitsFor } from './shared.ts';

type Attributes = KernelAttributes['matmul'];

/** A way to compute a product, by the name under which a choice is kept. */
export type Variant = keyof typeof VARIANTS;

type Make = (call: KernelCallOf<'matmul'>, context: KernelContext) => readonly Dispatch[];

const shared =
  (threads: readonly [number, number], block: readonly [number, 4], depth: number, wish: number): Make =>
  (call, context) =>
    sharedMatmul(call, context, { threads, block, depth, splits: splitsFor(call, context, wish) });

/** Twice as deep in the same shared memory. */
const halves =
  (threads: readonly [number, number], block: readonly [number, 4], wish: number): Make =>
  (call, context) =>
    sharedMatmul(call, context, {
      ...{ threads, block, depth: 32, half: true },
      splits: splitsFor(call, context, wish),
    });

/** The tilings that are tried. Rows x columns of a workgroup; "split" cuts K in parts. */
export const VARIANTS = {
  narrow: narrowMatmul,
  'registers 8x8': (call, context) => registerMatmul(call, context, { rows: 8, columns: 8, quads: false }),
  'registers 16x4': (call, context) =>
    registerMatmul(call, context, { rows: 16, columns: 4, quads: context.adapter.subgroups }),
  'registers 16x8': (call, context) =>
    registerMatmul(call, context, { rows: 16, columns: 8, quads: context.adapter.subgroups }),
  'registers few rows': (call, context) => fewRows(call, context),
  '32x32': shared([8, 8], [4, 4], 16, 1),
  '64x64': shared([16, 16], [4, 4], 16, 1),
  '128x64': shared([16, 16], [8, 4], 16, 1),
  '32x32 split': shared([8, 8], [4, 4], 16, 8),
  '64x64 split': shared([16, 16], [4, 4], 16, 8),
  '32x32 f16': halves([8, 8], [4, 4], 1),
  '64x64 f16': halves([16, 16], [4, 4], 1),
  '128x64 f16': halves([16, 16], [8, 4], 1),
  '32x32 split f16': halves([8, 8], [4, 4], 8),
  '64x64 split f16': halves([16, 16], [4, 4], 8),
} as const satisfies Record<string, Make>;

/** On GPUs that are computed by the processor: all rows in one thread, and enough workgroups for all cores. */
function fewRows(call: KernelCallOf<'matmul'>, context: KernelContext): readonly Dispatch[] {
  const { m, n, batch, transpose_a } = call.attributes;
  const rows = transpose_a ? Math.ceil(m / 4) * 4 : m;
  const threads = (batch * n) / 4;
  const group = threads >= 1024 ? 64 : threads >= 256 ? 16 : 4;
  return registerMatmul(call, context, { rows, columns: 4, quads: context.adapter.subgroups, group });
}

/** Rows up to which a thread of a software adapter takes all of them. */
const FEW_ROWS = 16;
/** Workgroups under which a real GPU is not busy. */
const BUSY = 64;

/** How a product's operands and result are stored: what its speed depends on beside its shape. */
export interface Storage {
  /** f16 or f32 each. */
  readonly a: string;
  readonly b: string;
  readonly result: string;
  /** Whether tiles may hold f16: see `tilesHalves`. */
  readonly tiles: boolean;
}

const SINGLE: Storage = { a: 'f32', b: 'f32', result: 'f32', tiles: false };

type Product = Pick<KernelCallOf<'matmul'>, 'attributes' | 'inputs' | 'outputs'>;

export function storageOf(
  { attributes, inputs, outputs }: Product,
  tensor: (id: number) => PlanTensor,
): Storage {
  const [first, second] = [tensor(inputs[0] as number), tensor(inputs[1] as number)];
  const [a, b] = [first.dtype, second.dtype];
  const result = outputs[0] == null ? 'f32' : tensor(outputs[0]).dtype;
  return { a, b, result, tiles: tilesHalves(attributes, first, second) };
}

/**
 * A program that stores halves has halves multiplied: one operand is there as such, the other (a weight, as
 * a rule) is rounded on its way to the tile. What is summed besides must be there as halves; all in fours.
 */
function tilesHalves(
  { m, n, k, transpose_a, transpose_b, sums }: Attributes,
  a: PlanTensor,
  b: PlanTensor,
): boolean {
  const isHalf = [a, b].map(({ dtype }) => dtype === 'f16');
  if (!isHalf.includes(true) || (sums !== null && isHalf[sums === 'a' ? 0 : 1] === false)) return false;
  const widths = [transpose_a ? m : k, transpose_b ? k : n, a.row_stride ?? 0, b.row_stride ?? 0];
  return widths.every((width) => width % 4 === 0);
}

/** What is worth trying for a product of this shape, the best guess first. */
export function candidates(
  attributes: Attributes,
  adapter: AdapterFacts,
  { tiles }: Storage = SINGLE,
): readonly Variant[] {
  const plain = plainCandidates(attributes, adapter);
  if (!adapter.f16 || !tiles) return plain;
  return [...plain, ...plain.map((name) => `${name} f16`).filter(isVariant)];
}

function plainCandidates(attributes: Attributes, adapter: AdapterFacts): readonly Variant[] {
  const { m, n, k, batch, sums } = attributes;
  if (adapter.software) {
    if (m <= FEW_ROWS && sums === null) return ['registers few rows'];
    if (!adapter.subgroups) return ['registers 8x8'];
    // Four neighbours share rows: narrower products would leave some of them idle.
    return [n >= 128 ? 'registers 16x8' : 'registers 16x4'];
  }
  if (m <= NARROW && sums === null) return ['narrow'];
  const tiles = (rows: number, columns: number) => batch * Math.ceil(m / rows) * Math.ceil(n / columns);
  if (k >= 512 && tiles(64, 64) < BUSY) return ['64x64 split', '32x32 split', '32x32', '64x64'];
  if (tiles(64, 64) < BUSY) return ['32x32', '64x64'];
  return tiles(128, 64) < 2 * BUSY ? ['64x64', '32x32', '128x64'] : ['128x64', '64x64', '32x32'];
}

/** Products of one key take the same variant: what matters of their shapes is the same. */
export function shapeKey(
  { batch, m, n, k, transpose_a, transpose_b, sums }: Attributes,
  { a, b, result }: Storage = SINGLE,
): string {
  const types = [a, b, result].includes('f16') ? ` ${a} ${b} ${result}` : '';
  return `matmul ${batch}x${m}x${n}x${k}${transpose_a ? ' ta' : ''}${transpose_b ? ' tb' : ''}${sums === null ? '' : ` ${sums}`}${types}`;
}

/** The variant that was measured to be the fastest here, else the best guess. */
export function choose(call: Product, { adapter, tuned, tensor }: KernelContext): Variant {
  const { attributes } = call;
  const storage = storageOf(call, tensor);
  const measured = tuned.get(shapeKey(attributes, storage));
  // A record from elsewhere may name what is no more, or what does not fit.
  if (measured !== undefined && isVariant(measured)) {
    const fits = measured.endsWith(' f16')
      ? adapter.f16 && storage.tiles
      : measured !== 'narrow' || attributes.sums === null;
    if (fits) return measured;
  }
  return candidates(attributes, adapter, storage)[0] as Variant;
}

function isVariant(name: string): name is Variant {
  return Object.hasOwn(VARIANTS, name);
}
