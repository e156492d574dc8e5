import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Random } from '../../../base/random.ts';
import type { AttentionKernel } from '../../graph/lower/kernel-plan.ts';
import { agreement, type Feeds } from './node/testing/agreement.ts';
import { LoneCall } from './testing/lone-call.ts';

const { check } = agreement();

function normal(random: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Blocks of six queries, eight keys and 96 queries end somewhere in here. */
const drawn = fc.record({
  seed: fc.integer(),
  batch: fc.constantFrom(1, 2),
  time: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 6, 8, 48, 95, 96, 97, 130)),
  key_heads: fc.constantFrom(1, 2, 3),
  group: fc.constantFrom(1, 1, 2),
  head_size: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(6, 8, 32, 64)),
  rate: fc.constantFrom(0, 0, 0.25),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;

function attributesOf({ seed, group, key_heads, head_size, batch, time, rate }: Drawn): AttentionKernel {
  const heads = key_heads * group;
  return { batch, time, heads, key_heads, head_size, scale: head_size ** -0.5, rate, stream: seed & 0xff };
}

function setUp(case_: Drawn) {
  const random = new Random(case_.seed);
  const attributes = attributesOf(case_);
  const { batch, time, heads, key_heads, head_size, rate } = attributes;
  const call = new LoneCall();
  const feeds: Feeds = {};
  const fed = (name: string, shape: readonly number[]): number => {
    const id = call.input(name, shape);
    feeds[name] = normal(random, call.elements(id));
    return id;
  };
  const width = (heads + 2 * key_heads) * head_size;
  const seed = (): readonly number[] => {
    if (rate === 0) return [];
    feeds.seed = Int32Array.of(random.uint32());
    return [call.input('seed', [], null, 'i32')];
  };
  return { random, attributes, call, feeds, fed, seed, width, rows: batch * time };
}

function forward(case_: Drawn) {
  const { attributes, call, feeds, fed, seed, width, rows } = setUp(case_);
  const { batch, time, heads, head_size } = attributes;
  const inputs = [fed('qkv', [rows, width]), ...seed()];
  const outputs = [call.output('out', [rows, heads * head_size]), call.output('lse', [batch, heads, time])];
  return { plan: call.plan({ kernel: 'attention', inputs, outputs, attributes }), feeds };
}

/** Of a log-sum-exp and results that are what they are in training, so that weights are weights. */
function backward(case_: Drawn) {
  const { attributes, call, feeds, fed, seed, width, rows } = setUp(case_);
  const { batch, time, heads, head_size } = attributes;
  const qkv = fed('qkv', [rows, width]);
  const inputs = [qkv, fed('out', [rows, heads * head_size]), fed('lse', [batch, heads, time])];
  inputs.push(fed('dout', [rows, heads * head_size]), ...seed());
  // Above the scores of random queries and keys.
  feeds.lse = (feeds.lse as Float32Array).map((x) => 2 + Math.log(time) + x / 8);
  // As of queries and keys that were rotated, in every other case that may be.
  const turned = head_size % 8 === 0 && (case_.seed & 1) === 0 ? { theta: 10_000 } : null;
  if (turned !== null) {
    feeds.positions = Int32Array.from({ length: time }, (_, t) => 3 * t);
    inputs.push(call.input('positions', [time], null, 'i32'));
  }
  const outputs = [call.output('dqkv', [rows, width])];
  return {
    plan: call.plan({ kernel: 'attention_grad', inputs, outputs, attributes: { ...attributes, turned } }),
    feeds,
  };
}

describe('attention', () => {
  it('is right in any shape and number of threads', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (case_) => {
        const { plan, feeds } = forward(case_);
        await check(plan, feeds, case_.head_size + 10);
      }),
      { numRuns: 80 },
    );
  });

  it('has the gradient that it has, in any shape and number of threads', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (case_) => {
        const { plan, feeds } = backward(case_);
        await check(plan, feeds, 4 * (case_.head_size + case_.time));
      }),
      { numRuns: 80 },
    );
  });

  it('keeps what is not finite from queries that come before it', async () => {
    for (const make of [forward, backward]) {
      const case_ = { seed: 5, batch: 1, time: 21, key_heads: 2, group: 2, head_size: 8, rate: 0 } as const;
      for (const [row, column, value] of [
        [13, 6 * 8 + 3, Number.NaN], // a value's
        [9, 7 * 8 + 1, Number.POSITIVE_INFINITY],
        [14, 4 * 8 + 2, Number.NaN], // a key's
        [11, 8, Number.NEGATIVE_INFINITY], // a query's
      ] as const) {
        const { plan, feeds } = make(case_);
        (feeds.qkv as Float32Array)[row * 64 + column] = value;
        await check(plan, feeds, 100);
      }
    }
  });
});

describe('attention over a cache', () => {
  it('sees what is there and nothing else, in any shape and number of threads', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, fc.integer({ min: 0, max: 70 }), async (case_, past) => {
        const { random, attributes, call, feeds, fed, width, rows } = setUp({ ...case_, rate: 0 });
        const { batch, time, heads, key_heads, head_size, scale } = attributes;
        const capacity = past + time + (case_.seed & 3);
        const cache = [batch, key_heads, capacity, head_size];
        const inputs = [fed('qkv', [rows, width]), fed('k', cache), fed('v', cache)];
        inputs.push(call.input('position', [batch], null, 'i32'));
        const positions = Array.from({ length: batch }, (_, i) => (i === 0 ? past : random.below(past + 1)));
        feeds.position = Int32Array.from(positions);
        // What nobody may see yet.
        for (const name of ['k', 'v'] as const) {
          const values = feeds[name] as Float32Array;
          for (let head = 0; head < batch * key_heads; head++) {
            const seen = (positions[Math.floor(head / key_heads)] as number) + time;
            values.fill(Number.NaN, (head * capacity + seen) * head_size, (head + 1) * capacity * head_size);
          }
        }
        const outputs = [call.output('out', [rows, heads * head_size])];
        const kernel = { batch, time, heads, key_heads, head_size, capacity, scale };
        const plan = call.plan({ kernel: 'cached_attention', inputs, outputs, attributes: kernel });
        await check(plan, feeds, head_size + 10);
      }),
      { numRuns: 80 },
    );
  });
});
