import { expect, test } from 'vitest';
import { probeModule } from './probe-module.ts';
import { probeThread } from './probe-thread.ts';

test('the probe computes twelve chains of x * 0.999 + 0.001, with fused multiply-adds where there are some', async () => {
  const { instance } = await WebAssembly.instantiate(probeModule());
  const { fma } = instance.exports as { readonly fma: (rounds: number) => number };
  const rounds = 50;
  let wanted = 0;
  for (let chain = 0; chain < 12; chain++) {
    let x = chain;
    for (let i = 0; i < rounds; i++) x = x * 0.999 + 0.001;
    wanted += x;
  }
  expect(Math.abs(fma(rounds) / wanted - 1)).toBeLessThan(1e-5);
});

test('reading goes over the whole memory', async () => {
  const { instance } = await WebAssembly.instantiate(probeModule());
  const { read, memory } = instance.exports as {
    readonly read: (bytes: number) => number;
    readonly memory: WebAssembly.Memory;
  };
  const words = new Int32Array(memory.buffer);
  const bytes = 128 * 64;
  // Lane 0 of each vector: the exclusive or of every fourth word.
  let wanted = 0;
  for (let i = 0; i < bytes / 4; i++) {
    words[i] = Math.imul(i + 1, 0x9e3779b1);
    if (i % 4 === 0) wanted ^= words[i] ?? 0;
  }
  expect(read(bytes)).toBe(wanted);
});

test('a rate is a number above nothing', async () => {
  const spans = await probeThread(probeModule(), 'fma', 0.01);
  expect(spans.length).toBeGreaterThan(0);
  for (const [start, end] of spans) expect(end).toBeGreaterThan(start);
});
