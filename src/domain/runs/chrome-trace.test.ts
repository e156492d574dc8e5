import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { DEVICE_NAMES } from '../../engine/device.ts';
import { chromeTrace, trackOf, tracksOf } from './chrome-trace.ts';

/** The Trace Event Format as far as its readers insist on it. */
const event = z.discriminatedUnion('ph', [
  z.strictObject({
    ph: z.literal('M'),
    name: z.enum(['process_name', 'thread_name', 'thread_sort_index']),
    pid: z.int(),
    tid: z.int(),
    args: z.union([z.strictObject({ name: z.string() }), z.strictObject({ sort_index: z.int() })]),
  }),
  z.strictObject({
    ph: z.literal('X'),
    name: z.string(),
    cat: z.string(),
    pid: z.int(),
    tid: z.int(),
    ts: z.number().nonnegative(),
    dur: z.number().nonnegative(),
    args: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
]);
const trace = z.strictObject({
  displayTimeUnit: z.enum(['ms', 'ns']),
  otherData: z.record(z.string(), z.union([z.string(), z.number()])),
  traceEvents: z.array(event),
});

const amount = fc.double({ min: 0, max: 1e6, noNaN: true });
const recordedSteps = fc.record({
  step: fc.nat(),
  device: fc.constantFrom(...DEVICE_NAMES),
  clock: fc.constantFrom('timestamp-query' as const, 'processor' as const),
  total_ms: amount,
  ceilings: fc.option(fc.record({ flops_per_second: amount, bytes_per_second: amount })),
  kernels: fc.array(
    fc.record({
      kernel: fc.constantFrom('matmul', 'attention', 'elementwise'),
      scope: fc.constantFrom(
        '',
        'loss',
        'transformer.wte',
        'transformer.h.0.attn',
        'transformer.h.11.mlp.c_fc',
      ),
      start_ms: amount,
      ms: amount,
      flops: fc.nat(),
      bytes: fc.nat(),
    }),
  ),
});

test('any recorded step makes a trace of the format, also after JSON', () => {
  fc.assert(
    fc.property(recordedSteps, (recorded) => {
      const made = chromeTrace(recorded, 'poems');
      expect(JSON.parse(JSON.stringify(made))).toEqual(made);
      const { traceEvents } = trace.parse(made);
      const spans = traceEvents.filter(({ ph }) => ph === 'X');
      expect(spans.length).toBe(recorded.kernels.length);
      const named = new Set(traceEvents.flatMap((one) => (one.ph === 'M' ? [one.tid] : [])));
      for (const span of spans) expect(named.has(span.tid)).toBe(true);
    }),
  );
});

test('times are microseconds, rows are layers', () => {
  const kernel = { kernel: 'matmul', start_ms: 1.5, ms: 0.25, flops: 8, bytes: 4 };
  const made = chromeTrace(
    {
      step: 12,
      device: 'webgpu',
      clock: 'timestamp-query',
      total_ms: 2,
      ceilings: null,
      kernels: [
        { ...kernel, scope: 'transformer.h.3.mlp.c_fc' },
        { ...kernel, scope: 'lm_head' },
      ],
    },
    'poems',
  );
  expect(made.traceEvents).toContainEqual({
    ph: 'X',
    name: 'matmul',
    cat: 'kernel',
    pid: 1,
    tid: 1,
    ts: 1500,
    dur: 250,
    args: { module: 'transformer.h.3.mlp.c_fc', flops: 8, bytes: 4 },
  });
  expect(made.traceEvents).toContainEqual({
    ph: 'M',
    name: 'thread_name',
    pid: 1,
    tid: 1,
    args: { name: 'transformer.h.3' },
  });
});

test('what belongs together stands in one row', () => {
  expect(trackOf('transformer.h.3.attn.c_attn')).toBe('transformer.h.3');
  expect(trackOf('model.layers.0')).toBe('model.layers.0');
  expect(trackOf('transformer.wte')).toBe('transformer.wte');
  expect(trackOf('')).toBe('step');
  const at = (scope: string) => ({ kernel: 'copy', scope, start_ms: 0, ms: 0, flops: 0, bytes: 0 });
  expect(tracksOf([at('h.0.ln'), at('loss'), at('h.0.mlp')])).toEqual(['h.0', 'loss']);
});
