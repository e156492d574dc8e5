import { describe, expect, test } from 'vitest';
import type { KernelCall, KernelPlan } from './kernel-plan.ts';
import { lower } from './lower.ts';
import { stateLayout } from './state-layout.ts';
import { PRESETS, presetStep } from './testing/presets.ts';

const CASES = (['gpt2', 'llama'] as const).flatMap((type) =>
  (['small', 'medium'] as const).map((preset) => ({ type, preset })),
);

/** Calls for one layer: the others happen once a step. */
function perLayer(calls: readonly KernelCall[], layer: number): readonly KernelCall[] {
  return calls.filter(({ scope }) => new RegExp(`\\.(h|layers)\\.${layer}(\\.|$)`).test(scope));
}

describe.each(CASES)('$type, preset $preset', ({ type, preset }) => {
  const { program, state } = presetStep(type, preset);
  const layout = stateLayout(state);
  const plan = lower(program, { layout });

  test('a layer is 18 calls in gpt2, 24 in llama; all else together is 15', () => {
    const { layers } = PRESETS[preset];
    const counts = Array.from({ length: layers }, (_, layer) => perLayer(plan.calls, layer).length);
    const budget = type === 'gpt2' ? 18 : 24;
    expect(Math.max(...counts)).toBeLessThanOrEqual(budget);
    expect(plan.calls.length).toBeLessThanOrEqual(layers * budget + 15);
  });

  test('what stays in memory is at most what it is without fusing', () => {
    expect(plan.arena_bytes).toBeLessThanOrEqual(lower(program, { fuse: false }).arena_bytes);
    expect(plan.arena.total).toBe(plan.arena_bytes);
  });

  test('logits are held once: their gradient lies over them', () => {
    const { vocab, rows } = plan.calls.flatMap((call) =>
      call.kernel === 'cross_entropy' ? [call.attributes] : [],
    )[0] ?? {
      vocab: 0,
      rows: 0,
    };
    expect(plan.arena.logits).toBe(4 * vocab * rows);
  });

  test('nothing moves a tensor without computing anything', () => {
    expect(plan.calls.filter((call) => call.kernel === 'copy' || call.kernel === 'fill')).toEqual([]);
  });

  test('gradients lie in the order of the state, one behind the other', () => {
    const update = plan.calls.find((call) => call.kernel === 'adamw');
    const tensors = (update?.inputs ?? []).slice(4).map((id) => plan.tensors[id]);
    for (let at = 0; at < tensors.length; at += 4) {
      const [p, , , g] = tensors.slice(at, at + 4);
      if (p?.place.in !== 'state' || g?.place.in !== 'arena') throw new Error('places');
      expect(g.place.offset + 4 * g.offset).toBe(layout.offsets.get(p.place.name));
    }
  });

  test('every call has places that lie in the arena and do not overlap where they must not', () => {
    for (const call of plan.calls) expectApart(plan, call);
  });
});

/** Results and scratch of a call overlap neither one another nor, unless they lie exactly there, an operand. */
function expectApart(plan: KernelPlan, call: KernelCall): void {
  const range = (id: number) => {
    const { place, offset, shape, row_stride } = plan.tensors[id] ?? expect.fail('tensor');
    if (place.in === 'state')
      return { where: place.name, from: 4 * offset, to: Number.POSITIVE_INFINITY, id };
    const size = shape.reduce((a, b) => a * b, 1);
    const width = shape[shape.length - 1] ?? 1;
    const span = row_stride === null ? size : (size / width - 1) * row_stride + width;
    const from = place.offset + 4 * offset;
    expect(from + 4 * span).toBeLessThanOrEqual(plan.arena_bytes);
    return { where: '', from, to: from + 4 * span, id };
  };
  const results = [...call.outputs, call.scratch].filter((id) => id !== null).map(range);
  for (const [i, a] of results.entries()) {
    for (const b of results.slice(i + 1)) {
      expect(a.where !== b.where || a.to <= b.from || b.to <= a.from, `${call.kernel} results`).toBe(true);
    }
    for (const b of call.inputs.map(range)) {
      const isApart = a.where !== b.where || a.to <= b.from || b.to <= a.from;
      expect(isApart || a.from === b.from, `${call.kernel} over an operand`).toBe(true);
    }
  }
}
