import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ARENA_ALIGNMENT, Arena, aligned } from './arena.ts';
import { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { add, NONE, unary } from './emit.ts';
import type { Node, Program } from './ir.ts';
import type { MemoryPlan } from './memory-plan.ts';
import { byteLength, planMemory, sessionBytes } from './memory-plan.ts';
import { definitionOf } from './ops/table.ts';
import { simplify } from './simplify.ts';
import { randomProgram } from './testing/random-program.ts';
import { runner64 } from './testing/run64.ts';

/** Every tensor in a place of its own, for as long as the program runs. */
function roomyPlan(program: Program): MemoryPlan {
  const plan = planMemory(program);
  let offset = 0;
  const places: MemoryPlan['places'][number][] = [];
  for (const node of program.nodes) {
    if (node.op === 'state') places.push({ in: 'state', name: node.attributes.name });
    else if (node.op === 'reshape') places.push(places[node.inputs[0] as number] as (typeof places)[number]);
    else {
      places.push({ in: 'arena', offset });
      offset += aligned(byteLength(node));
    }
  }
  return { ...plan, places, arena_bytes: offset };
}

test('random programs compute the same with shared memory as with room for every tensor', () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, simplified) => {
      const { program: drawn, feeds, state } = randomProgram(seed);
      const program = simplified ? simplify(drawn) : drawn;
      const roomy = roomyPlan(program);
      const expected = runner64(program, { program, plan: roomy, arenaBytes: roomy.arena_bytes * 2 })(
        feeds,
        state,
      );
      const actual = runner64(program)(feeds, state);
      expect(actual).toEqual(expected);
      expect(runner64(program)(feeds, state)).toEqual(expected); // and it repeats
    }),
    { numRuns: 300 },
  );
});

/** By node: the last node that reads its storage. */
function ends(program: Program): number[] {
  const last = program.nodes.map((node) => node.id);
  const outlives = new Set([...Object.values(program.outputs), ...Object.values(program.updates)]);
  for (const node of [...program.nodes].reverse()) {
    if (outlives.has(node.id)) last[node.id] = program.nodes.length;
    for (const input of node.inputs) {
      const until = node.op === 'reshape' ? (last[node.id] as number) : node.id;
      last[input] = Math.max(last[input] as number, until);
    }
  }
  return last;
}

test('no two live tensors overlap, unless one is written over the other as its op allows', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const program = simplify(randomProgram(seed).program);
      const { places, arena_bytes } = planMemory(program);
      const last = ends(program);
      for (const b of program.nodes) {
        const at = places[b.id];
        if (at?.in !== 'arena') continue;
        expect(at.offset % ARENA_ALIGNMENT).toBe(0);
        expect(at.offset + byteLength(b)).toBeLessThanOrEqual(arena_bytes);
        for (const a of program.nodes.slice(0, b.id)) {
          const before = places[a.id];
          if (before?.in !== 'arena' || b.op === 'reshape') continue;
          const apart =
            before.offset + byteLength(a) <= at.offset || at.offset + byteLength(b) <= before.offset;
          if (apart || (last[a.id] as number) < b.id) continue;
          const view = program.nodes.slice(0, b.id).filter((node) => places[node.id] === before);
          const inPlace = b.inputs.some(
            (input, i) => view.some((node) => node.id === input) && definitionOf(b.op).inPlace.includes(i),
          );
          expect({ a, b, inPlace, last: last[a.id] }).toEqual({ a, b, inPlace: true, last: b.id });
        }
      }
    }),
    { numRuns: 100 },
  );
});

test('an update is written straight into its state when the old value is no longer read', () => {
  const g = new GraphBuilder();
  const dims = [fixed(64)];
  const m = g.state('m', dims, 'optimizer');
  const p = g.state('p', dims, 'parameter');
  const gradient = g.input('g', dims, 'f32');
  const next = g.node('ema', [m, gradient], { beta: 0.9 });
  const moved = g.node('decayed_update', [p, next, g.input('lr', [], 'f32')], { weight_decay: 0 });
  const updates = { m: next, p: moved };
  const plan = planMemory(g.program('p', { outputs: {}, updates }));
  expect(plan.places[next.id]).toEqual({ in: 'state', name: 'm' });
  expect(plan.places[moved.id]).toEqual({ in: 'state', name: 'p' });
  expect(plan.arena_bytes).toBe(2 * ARENA_ALIGNMENT); // what is fed
  // The old value is wanted after the update: now it needs room.
  const kept = planMemory(g.program('p', { outputs: { old: p }, updates }));
  expect(kept.places[moved.id]).toMatchObject({ in: 'arena' });
});

test('bytes by kind add up to the state and the arena', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const program = simplify(randomProgram(seed).program);
      const plan = planMemory(program);
      const state = program.nodes
        .filter((node) => node.op === 'state')
        .reduce((sum, node) => sum + byteLength(node), 0);
      const { total, ...kinds } = plan.bytes;
      expect(total).toBe(state + plan.arena_bytes);
      expect(Object.values(kinds).reduce((a, b) => a + b)).toBe(total);
      expect(Object.values(plan.arena).every((bytes) => bytes >= 0)).toBe(true);
    }),
  );
});

test('a chain of elementwise ops needs the memory of one tensor', () => {
  const g = new GraphBuilder();
  let x: Node = g.input('x', [fixed(1000)], 'f32');
  for (let i = 0; i < 10; i++) x = unary(g, 'tanh', x);
  expect(planMemory(g.program('chain', { outputs: { x } })).arena_bytes).toBe(aligned(4000));
});

test('a tensor is not overwritten while a view of another shape is read', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(3), fixed(1)], 'f32');
  const y = unary(g, 'neg', x);
  const turned = g.node('reshape', [y], NONE, [fixed(1), fixed(3)]);
  const table = add(g, y, turned);
  const program = g.program('p', { outputs: { table } });
  const { outputs } = runner64(program)({ x: [1, 2, 3] });
  expect([...(outputs.table ?? [])]).toEqual([-2, -3, -4, -3, -4, -5, -4, -5, -6]);
});

test('a session counts its state once, and the arena of its hungriest program', () => {
  const arena = { weights: 0, gradients: 1, optimizer: 0, activations: 2, logits: 0, total: 3 };
  const bytes = sessionBytes(
    [
      { name: 'p', shape: [2, 3], dtype: 'f32', kind: 'parameter' },
      { name: 'm', shape: [2, 3], dtype: 'f32', kind: 'optimizer' },
    ],
    [
      { places: [], arena_bytes: 3, arena, bytes: arena },
      { places: [], arena_bytes: 1, arena: { ...arena, activations: 0, total: 1 }, bytes: arena },
    ],
  );
  expect(bytes).toEqual({ weights: 24, gradients: 1, optimizer: 24, activations: 2, logits: 0, total: 51 });
});

test('the arena never hands out what is taken, and forgets nothing', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 60 }), (moves) => {
      const arena = new Arena();
      const taken: { offset: number; size: number }[] = [];
      for (const [n, give] of moves) {
        if (give && taken.length > 0) {
          const [gone] = taken.splice(n % taken.length, 1);
          if (gone !== undefined) arena.give(gone.offset, gone.size);
          continue;
        }
        const size = (n + 1) * ARENA_ALIGNMENT;
        const offset = arena.take(size);
        expect(offset + size).toBeLessThanOrEqual(arena.bytes);
        for (const other of taken) {
          expect(offset + size <= other.offset || other.offset + other.size <= offset).toBe(true);
        }
        taken.push({ offset, size });
      }
      const { bytes } = arena;
      for (const { offset, size } of taken) arena.give(offset, size);
      if (bytes > 0) expect(arena.take(bytes)).toBe(0); // all gaps have joined
    }),
  );
});
