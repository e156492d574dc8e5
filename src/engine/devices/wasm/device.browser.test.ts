import { expect, test, vi } from 'vitest';
import { commands } from 'vitest/browser';
import gpt2Settings from '../../../../fixtures/gpt2-tiny.json';
import gpt2 from '../../../../fixtures/gpt2-tiny.safetensors?url';
import llamaSettings from '../../../../fixtures/llama-tiny.json';
import llama from '../../../../fixtures/llama-tiny.safetensors?url';
import { deviceErrors } from '../../errors.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { deviceAcceptance } from '../acceptance.ts';
import { fixtureAcceptance } from '../fixture-acceptance.ts';
import { openRemoteWasm, type RemoteOptions } from '../testing/remote-device.ts';
import { browserHost } from './browser-host.ts';
import { openWasmDevice } from './device.ts';

declare module 'vitest/browser' {
  interface BrowserCommands {
    browserBytes(): Promise<number | null>;
  }
}

const load = async (url: string) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const fixtures = [
  { name: 'gpt2-tiny', bytes: await load(gpt2), settings: gpt2Settings },
  { name: 'llama-tiny', bytes: await load(llama), settings: llamaSettings },
];
// As it comes, it is tried with the other devices.
const settings: Readonly<Record<string, RemoteOptions>> = {
  'with 3 threads, without relaxed SIMD': { threads: 3, relaxed: false },
  'without shared memory, without relaxed SIMD': { shared: false, relaxed: false },
};

for (const [how, options] of Object.entries(settings)) {
  deviceAcceptance(`wasm ${how}`, () => openRemoteWasm(options));
  for (const fixture of fixtures) fixtureAcceptance(`wasm ${how}`, fixture, () => openRemoteWasm(options));
}

test('the device says what it has', async () => {
  const device = await openRemoteWasm({ threads: 3 });
  expect(device.info.description).toBe('WASM, relaxed SIMD, 3 threads');
  device.dispose();
  const alone = await openRemoteWasm({ shared: false });
  expect(alone.info.description).toBe(
    'WASM, relaxed SIMD, 1 thread: the page is not cross-origin isolated, so that threads cannot share memory',
  );
  alone.dispose();
});

test('on the main thread of a page, which must not wait, one hears where to go', async () => {
  const opening = openWasmDevice(browserHost(), { threads: 2 });
  await expect(opening).rejects.toMatchObject({
    code: deviceErrors.unavailable.code,
    message: /main thread of a page/,
    fix: 'Open it in a worker.',
  });
});

test('killing the worker in the middle of a step frees everything', async () => {
  const graph = new GraphBuilder();
  let x = graph.input('x', [fixed(512), fixed(512)], 'f32');
  for (let i = 0; i < 100; i++) {
    x = graph.node('matmul', [x, x], { transpose_a: false, transpose_b: false });
  }
  const program = graph.program('long', { outputs: { sum: graph.node('sum_squares', [x], {}) } });
  const feeds = { x: new Float32Array(512 * 512).fill(1e-3) };
  const large = { name: 'large', shape: [2 ** 27], dtype: 'f32', kind: 'parameter' } as const;
  const held = async () => ((await commands.browserBytes()) ?? 0) / 2 ** 30;
  const tells = (await held()) > 0;
  // Where the system does not tell, half a GiB each as often as neither the page's addresses nor the machine would hold.
  const rounds = tells ? 3 : 48;
  const left: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const device = await openRemoteWasm({ threads: 2 });
    const session = await device.open([large]);
    const executable = await session.compile(program);
    await executable.run({ x: feeds.x });
    void executable.run(feeds);
    const alive = await held();
    device.kill();
    if (!tells) continue;
    // States of one round: what the browser held before it may shrink meanwhile.
    const gone = await vi.waitFor(async () => {
      const now = await held();
      expect(now).toBeLessThan(alive - 0.45);
      return now;
    }, 60_000);
    left.push(gone);
  }
  if (tells) expect(left.at(-1)).toBeLessThanOrEqual((left[0] ?? Number.NaN) + 0.15);
  const device = await openRemoteWasm({ threads: 2 });
  const executable = await (await device.open([large])).compile(program);
  expect((await executable.run(feeds)).sum).toHaveLength(1);
  device.dispose();
});
