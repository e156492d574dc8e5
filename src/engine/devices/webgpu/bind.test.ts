import { expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import type { PlanTensor } from '../../graph/lower/kernel-plan.ts';
import { kernelContext } from './bind.ts';
import { groupRanges, pieceCount } from './groups.ts';
import { conflict, type Reach } from './reach.ts';
import { bufferSizes, piecesOf } from './spaces.ts';
import { SOFTWARE } from './testing/facts.ts';
import { read, span, table, write } from './wanted.ts';

const at = (id: number, offset: number, shape: readonly number[], more: Partial<PlanTensor> = {}) =>
  ({
    id,
    shape,
    dtype: 'f32',
    place: { in: 'arena', offset },
    offset: 0,
    row_stride: null,
    kind: 'activations',
    ...more,
  }) satisfies PlanTensor;
const state = { order: [], offsets: new Map(), total: 0 };
const contextOf = (tensors: readonly PlanTensor[], facts = {}) =>
  kernelContext({ tensors, state, adapter: { ...SOFTWARE, ...facts }, tuned: new Map() });

test('pieces of a range lie in one buffer each, within the limit, and cover it', () => {
  const seed = 41;
  const random = new Random(seed);
  for (let i = 0; i < 300; i++) {
    const limits = {
      max_buffer_bytes: 256 * (1 + random.below(9)) + 3,
      max_binding_bytes: 256 * (1 + random.below(9)),
    };
    const start = 256 * random.below(40);
    const end = start + 4 * (1 + random.below(2000));
    const pieces = piecesOf({ start, end }, limits);
    const sizes = bufferSizes(end, limits);
    let covered = start;
    for (const { buffer, offset, bytes } of pieces) {
      const chunk = sizes[0] as number;
      expect(buffer * chunk + offset, `seed ${seed}, case ${i}`).toBe(covered);
      expect(offset % 256).toBe(0);
      expect(offset + bytes).toBeLessThanOrEqual(sizes[buffer] as number);
      expect(bytes).toBeLessThanOrEqual(limits.max_binding_bytes);
      covered += bytes;
    }
    expect(covered).toBe(end);
  }
});

test('groups hold all ranges, never overlap, and are few enough where that is possible', () => {
  const seed = 42;
  const random = new Random(seed);
  for (let i = 0; i < 200; i++) {
    const ranges = Array.from({ length: 1 + random.below(12) }, () => {
      const start = 256 * random.below(60);
      return {
        space: random.below(2) ? 'arena' : 'state',
        start,
        end: start + 16 * (1 + random.below(40)),
      } as const;
    });
    const groups = groupRanges(ranges, SOFTWARE, 8);
    expect(pieceCount(groups, SOFTWARE), `seed ${seed}, case ${i}`).toBeLessThanOrEqual(8);
    for (const { space, start, end } of ranges) {
      expect(groups.some((g) => g.space === space && g.start <= start && end <= g.end)).toBe(true);
    }
    for (const a of groups) {
      for (const b of groups) {
        expect(a === b || a.space !== b.space || a.end <= b.start || b.end <= a.start).toBe(true);
      }
    }
  }
});

test('a result over its operand is one binding, and a buffer that is written is writable everywhere', () => {
  const { bind } = contextOf([at(0, 0, [64]), at(1, 256, [64]), at(2, 0, [64])]);
  const { tensors, dispatch } = bind('add', { a: read(0, 4), b: read(1, 4), y: write(2, 4) });
  const { bindings, code } = dispatch('', [1, 1, 1]);
  expect(bindings).toMatchObject([
    { offset: 0, bytes: 256, access: 'read_write' },
    { offset: 256, bytes: 256, access: 'read_write' },
  ]);
  expect(code).toContain('@binding(0) var<storage, read_write> b0 : array<vec4<f32>, 16>;');
  expect(tensors.y.store('i', tensors.a.load('i'))).toBe('b0[i] = b0[i];');
});

test('views begin at their offset, tensors beyond a binding go through a function', () => {
  const tensors = [at(0, 0, [8, 4], { row_stride: 12, offset: 4 }), at(1, 1024, [200])];
  const { bind, fits } = contextOf(tensors, { max_binding_bytes: 512 });
  const bound = bind('view', { x: read(0), y: write(1), t: table(Uint32Array.of(1, 2)) });
  expect(bound.tensors.x.load('i')).toBe('b0[i + 4u]');
  expect(bound.tensors.x.row_stride).toBe(12);
  expect(bound.tensors.y.load('i')).toBe('g1_load(i)');
  expect(bound.dispatch('', [1, 1, 1]).code).toContain('if (e < 128u) { b1[e] = v; return; }');
  expect(bound.tensors.t.load('1u')).toBe('b3[1u]');
  expect(fits({ y: read(1), x: span([0, 1], 'read') })).toBe(true);
});

test('columns side by side in rows of one matrix do not wait for one another', () => {
  const columns = (first: number, width: number): Reach => ({
    range: { space: 'arena', start: 0, end: 4096 },
    written: true,
    scalar: 'f32',
    vector: 1,
    row_stride: 12,
    firsts: [4 * first],
    gaps: { width: 4 * width, stride: 48 },
  });
  expect(conflict(columns(0, 4), columns(4, 8))).toBe(false);
  expect(conflict(columns(0, 5), columns(4, 8))).toBe(true);
  expect(conflict(columns(4, 8), columns(12, 4))).toBe(false);
});
