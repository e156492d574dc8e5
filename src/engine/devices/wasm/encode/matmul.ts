import { isNarrowMatmul, matmulPackElements, matmulPieces } from '../../../graph/lower/scratch.ts';
import { type AttributesOf, type Command, type Encode, type EncodeContext, unitsOf } from '../command.ts';
import { commonEpilogue } from './epilogue.ts';

/** Rows of an innermost tile, and columns of a panel of b (assembly/gemm-micro.ts). */
const TILE_ROWS = 6;
const PANEL = 8;
/** As assembly/gemm-pack.ts has it. */
const UNIT_PANELS = 2;
/** Six-row panels of a that a unit multiplies with each panel of b while that is near. */
const MOST_TILES = 4;
/** A packed b of so many bytes stays in the L2 cache. */
const NEAR_BYTES = 512 * 1024;
/** k is multiplied in equal pieces of at most so many: a panel of b and one of a stay in the L1 cache. */
const MOST_DEPTH = 512;
/** Units that a product is cut into, where it is large enough, and multiply-adds of the smallest. */
const FEWEST_UNITS = 16;
const UNIT_WORK = 200_000;
/** With few rows of a: a unit's share of b in multiply-adds, the most units, and columns added up at once. */
const NARROW_WORK = 32_768;
const MOST_ROW_UNITS = 64;
const TOTAL_COLUMNS = 256;
/** Bytes of an innermost tile that is not all results. */
const EDGE = 192;

export const encodeMatmul: Encode<'matmul'> = (call, context) =>
  isNarrowMatmul(call.attributes) ? narrow(call, context) : packed(call, context);

/** b is read once as it lies: each unit some of its rows. */
const narrow: Encode<'matmul'> = (call, context) => {
  const { batch, m, n, k, transpose_b, shared_b } = call.attributes;
  const [a, b] = call.inputs;
  const [out] = call.outputs;
  const strideA = rowBytes(context, a, k);
  const strideB = rowBytes(context, b, transpose_b ? k : n);
  const strideC = rowBytes(context, out, n);
  const expression = epilogue(call, context);
  const batchB = shared_b ? 0 : (transpose_b ? n : k) * strideB;
  const to = call.attributes.epilogue === null ? context.address(out) : 0;
  if (transpose_b) {
    const columns = Math.ceil(n / Math.min(MOST_ROW_UNITS, unitsOf(n * k, NARROW_WORK)));
    const units = Math.ceil(n / columns);
    context.threadScratch((columns + 8) * m * 4);
    const args = [
      ...[context.address(a), context.address(b), to, m, n, k, strideA, strideB, strideC, columns],
      ...[expression, m * strideA, batchB, m * strideC, units],
    ];
    return [{ kernel: 'gemv_rows', args, units: batch * units }];
  }
  const { rows, pieces } = matmulPieces(call.attributes);
  const parts = context.address(call.scratch);
  const units = unitsOf(n, TOTAL_COLUMNS);
  context.threadScratch((TOTAL_COLUMNS + 8) * 4);
  return [
    {
      kernel: 'gemv_pieces',
      args: [
        ...[context.address(a), context.address(b), parts, m, n, k, strideA, strideB, rows, pieces],
        ...[m * strideA, batchB],
      ],
      units: batch * pieces,
    },
    {
      kernel: 'gemv_total',
      args: [parts, to, m, n, pieces, TOTAL_COLUMNS, units, expression, strideC, m * strideC],
      units: batch * m * units,
    },
  ];
};

/** b is packed first, as much of it as there is scratch for; then the product is computed, tile by tile. */
const packed: Encode<'matmul'> = (call, context) => {
  const { attributes } = call;
  const { m, n, k, transpose_a, transpose_b, shared_b } = attributes;
  const [a, b] = call.inputs;
  const rowsA = transpose_a ? k : m;
  const rowsB = transpose_b ? n : k;
  const strideA = rowBytes(context, a, transpose_a ? m : k);
  const strideB = rowBytes(context, b, transpose_b ? k : n);
  const [out] = call.outputs;
  const strideC = rowBytes(context, out, n);
  const batchA = rowsA * strideA;
  const batchB = shared_b ? 0 : rowsB * strideB;
  const room = matmulPackElements(attributes);
  const common = commonEpilogue(call, context);
  const expression = common === null ? epilogue(call, context) : context.table(common);
  const sums = call.attributes.sums === null ? 0 : context.address(call.outputs[call.outputs.length - 1]);
  const panelsAt = context.address(call.scratch);

  const commands: Command[] = [];
  const chunks = chunksOf(attributes, room);
  for (const { first, batches, column, columns } of chunks) {
    const { depth, tileRows, tileColumns } = tiling(attributes, batches, columns);
    const down = Math.ceil(m / tileRows);
    const across = Math.ceil(columns / tileColumns);
    const size = panels(columns) * PANEL * k * 4;
    const units = Math.ceil(panels(columns) / UNIT_PANELS);
    const packs = shared_b ? 1 : batches;
    commands.push({
      kernel: 'gemm_pack',
      args: [
        context.address(b) + first * batchB + column * (transpose_b ? strideB : 4),
        panelsAt,
        k,
        columns,
        strideB,
        transpose_b ? 1 : 0,
        units,
        batchB,
        size,
        attributes.sums === 'b' ? sums + column * 4 : 0,
      ],
      units: units * packs,
    });
    const address = context.address(out) + first * m * strideC + column * 4;
    commands.push({
      kernel: 'gemm',
      args: [
        ...[
          context.address(a) + first * batchA,
          panelsAt,
          attributes.epilogue === null ? address : 0,
          m,
          columns,
          k,
        ],
        ...[strideA, strideC, batchA, shared_b ? 0 : size, m * strideC, transpose_a ? 1 : 0],
        ...[tileRows, tileColumns, down, across, depth, expression, n, first * m * n + column],
        ...[attributes.sums === 'a' && column === 0 ? sums : 0, common === null ? 0 : 1],
      ],
      units: batches * down * across,
    });
    const product = attributes.epilogue === null ? 0 : tileRows * Math.min(tileColumns, columns) * 4 + 16;
    context.threadScratch(EDGE + tileRows * depth * 4 + product);
  }
  return commands;
};

interface Chunk {
  readonly first: number;
  readonly batches: number;
  readonly column: number;
  readonly columns: number;
}

/** What is packed at once: some batches whole, or some columns of one. */
function chunksOf({ batch, n, k, shared_b }: AttributesOf<'matmul'>, room: number): readonly Chunk[] {
  const whole = panels(n) * PANEL * k;
  if (shared_b ? whole <= room : whole * batch <= room)
    return [{ first: 0, batches: batch, column: 0, columns: n }];
  const chunks: Chunk[] = [];
  if (!shared_b && whole <= room) {
    const most = Math.floor(room / whole);
    for (let first = 0; first < batch; first += most)
      chunks.push({ first, batches: Math.min(most, batch - first), column: 0, columns: n });
    return chunks;
  }
  const most = Math.floor(room / k / PANEL) * PANEL;
  for (let first = 0; first < batch; first += shared_b ? batch : 1)
    for (let column = 0; column < n; column += most) {
      const columns = Math.min(most, n - column);
      chunks.push({ first, batches: shared_b ? batch : 1, column, columns });
    }
  return chunks;
}

interface Tiling {
  /** How much of k is multiplied at once. */
  readonly depth: number;
  readonly tileRows: number;
  readonly tileColumns: number;
}

/** Depends on the shape alone, and changes no result: each is summed over the same pieces of k. */
function tiling({ m, k }: AttributesOf<'matmul'>, batches: number, columns: number): Tiling {
  const depth = k === 0 ? 1 : Math.ceil(k / Math.ceil(k / MOST_DEPTH));
  const wanted = Math.max(1, Math.min(FEWEST_UNITS, Math.floor((batches * m * columns * k) / UNIT_WORK)));
  const all = Math.ceil(m / TILE_ROWS);
  let tiles = Math.min(MOST_TILES, all);
  // Fewer rows go over all of b more often, which must be near then; else columns are split.
  const fewest = k * columns * 4 <= NEAR_BYTES ? 1 : tiles;
  while (tiles > fewest && batches * Math.ceil(all / tiles) < wanted) tiles--;
  const down = batches * Math.ceil(all / tiles);
  const across = Math.max(1, Math.min(panels(columns), Math.ceil(wanted / down)));
  const tileColumns = Math.ceil(panels(columns) / across) * PANEL;
  return { depth, tileRows: tiles * TILE_ROWS, tileColumns };
}

function panels(columns: number): number {
  return Math.ceil(columns / PANEL);
}

function rowBytes(context: EncodeContext, id: number | null | undefined, width: number): number {
  const stride = id === null || id === undefined ? null : context.tensor(id).row_stride;
  return (stride ?? width) * 4;
}

/** The address of the expression; 0 where the product is stored as it is. */
function epilogue(call: Parameters<Encode<'matmul'>>[0], context: EncodeContext): number {
  const { epilogue, sums } = call.attributes;
  if (epilogue === null) return 0;
  const outputs = sums === null ? call.outputs : call.outputs.slice(0, -1);
  return context.expression(epilogue, [null, ...call.inputs.slice(2)], outputs as readonly number[]);
}
