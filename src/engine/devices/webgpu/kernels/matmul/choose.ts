import type { KernelAttributes, KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
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

/** What is worth trying for a product of this shape, the best guess first. */
export function candidates(attributes: Attributes, adapter: AdapterFacts): readonly Variant[] {
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
export function shapeKey({ batch, m, n, k, transpose_a, transpose_b, sums }: Attributes): string {
  return `matmul ${batch}x${m}x${n}x${k}${transpose_a ? ' ta' : ''}${transpose_b ? ' tb' : ''}${sums === null ? '' : ` ${sums}`}`;
}

/** The variant that was measured to be the fastest here, else the best guess. */
export function choose(attributes: Attributes, { adapter, tuned }: KernelContext): Variant {
  const measured = tuned.get(shapeKey(attributes));
  // A record from elsewhere may name what is no more, or what does not fit.
  if (measured !== undefined && isVariant(measured) && (measured !== 'narrow' || attributes.sums === null)) {
    return measured;
  }
  return candidates(attributes, adapter)[0] as Variant;
}

function isVariant(name: string): name is Variant {
  return Object.hasOwn(VARIANTS, name);
}
