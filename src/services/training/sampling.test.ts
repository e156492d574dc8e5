import { expect, test } from 'vitest';
import type { SampleEvent } from '../../domain/runs/ports.ts';
import type { Device } from '../../engine/device.ts';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { initialise } from '../../engine/models/initialise.ts';
import { parameterSpecs } from '../../engine/models/parameters.ts';
import { charTokenizer } from '../../engine/tokenizers/char.ts';
import { tinyGpt2 } from '../../engine/training/testing/specs.ts';
import { holdDevices } from './device-holder.ts';
import type { LoadedModel } from './models.ts';
import { createSampler, type Sampler } from './sampling.ts';

const model = { ...tinyGpt2, n_positions: 32 };
const specs = new Map(parameterSpecs(model).map((spec) => [spec.name, spec]));
const loaded: LoadedModel = {
  model,
  tokenizer: charTokenizer('abcdefghijklmno.'),
  read: async (name) => {
    const spec = specs.get(name);
    return spec === undefined ? new Float32Array() : initialise(spec, 7);
  },
};
const drawing = { max_new_tokens: 6, temperature: 0.8, top_k: 0, top_p: 1, seed: 3, stop: [] };

/** On the reference device, opened through `open`; `loads` counts how often the model was read. */
function samplerOn(open: (device: Device) => Device['open'] = (device) => device.open.bind(device)): {
  readonly write: (
    prompts: readonly string[],
    onEvent?: (event: SampleEvent) => void,
    signal?: AbortSignal,
  ) => ReturnType<Sampler['sample']>;
  readonly loads: () => number;
} {
  const reference = createReferenceDevice();
  const opened: Device = {
    info: reference.info,
    lost: reference.lost,
    open: open(reference),
    dispose: () => reference.dispose(),
  };
  const source = { open: async () => ({ opened, device: opened.info, reason: '', tried: [] }) };
  let now = 0;
  const clock = { now: () => 0, elapsed: () => now };
  const breathe = async (): Promise<void> => {
    now += 100;
  };
  const sampler = createSampler(holdDevices(source), { clock, breathe });
  let loads = 0;
  const load = async (): Promise<LoadedModel> => {
    loads++;
    return loaded;
  };
  return {
    write: (prompts, onEvent = () => undefined, signal) =>
      sampler.sample('tiny', load, { prompts, drawing, device: 'auto' }, onEvent, signal),
    loads: () => loads,
  };
}

test('one prompt that cannot be continued says why, and holds up no other', async () => {
  const { write } = samplerOn();
  const events: SampleEvent[] = [];
  const { prompts, tokens } = await write(['abc', '世界', '', 'aXb'], (event) => events.push(event));
  expect(prompts).toMatchObject([
    { ok: true, tokens: 6, dropped: 0 },
    { ok: false, error: { code: 'ANN-RUN-016' } },
    { ok: true, tokens: 6 }, // the model begins by itself
    { ok: true, tokens: 6, dropped: 1 },
  ]);
  expect(tokens).toBe(18);
  for (const [prompt, outcome] of prompts.entries()) {
    const mine = events.filter((event) => event.prompt === prompt);
    expect(mine.at(-1)).toEqual({ type: 'ended', prompt, outcome });
    const text = mine.map((event) => (event.type === 'text' ? event.text : '')).join('');
    expect(text).toBe(outcome.ok ? outcome.text : '');
  }
});

test('the pace is told of each prompt from its turn on, and of all together', async () => {
  const { write } = samplerOn();
  // Eight at a time: the ninth has to wait for a place, and is timed from when it gets one.
  const { prompts, tokens_per_second } = await write(Array.from({ length: 9 }, () => 'abc'));
  expect(prompts.map((one) => one.ok && Math.round(one.tokens_per_second * 10) / 10)).toEqual(
    Array.from({ length: 9 }, () => 10), // 6 tokens in six steps of 100 ms
  );
  // 54 tokens in twelve steps, and one more look at the clock to see that nobody is left.
  expect(tokens_per_second).toBeCloseTo(54 / 1.3, 6);
});

test('where there is no memory for all side by side, fewer are, and the texts are the same', async () => {
  const tried: number[] = [];
  const { write, loads } = samplerOn((device) => async (state) => {
    const cache = state.find(({ name }) => /cache/.test(name));
    const batch = Number(cache?.shape[0]);
    tried.push(batch);
    if (batch > 2) throw deviceErrors.outOfMemory();
    return device.open(state);
  });
  const asked = ['abc', 'de', 'fgh', 'i', 'jk'];
  const few = await write(asked);
  expect(tried).toEqual([5, 3, 2]);
  const all = await samplerOn().write(asked);
  expect(few.prompts.map((one) => one.ok && one.text)).toEqual(all.prompts.map((one) => one.ok && one.text));
  await write(asked);
  expect(loads(), 'kept for the next time').toBe(1);
});

test('where there is no memory for one, that is the error', async () => {
  const { write } = samplerOn(() => async () => {
    throw deviceErrors.outOfMemory();
  });
  await expect(write(['abc', 'de'])).rejects.toMatchObject({
    code: 'ANN-DEV-002',
    fix: expect.stringContaining('choose a smaller model'),
  });
});

test('a device that is lost while it writes says what helps there, and the next time it is opened anew', async () => {
  let lost = true;
  const { write, loads } = samplerOn((device) => async (state) => {
    const session = await device.open(state);
    if (!lost) return session;
    lost = false;
    const compile = async (): Promise<never> => {
      throw deviceErrors.lost();
    };
    return { ...session, compile, write: session.write.bind(session), dispose: () => session.dispose() };
  });
  await expect(write(['abc'])).rejects.toMatchObject({
    code: 'ANN-DEV-001',
    fix: expect.stringContaining('Write again'),
  });
  expect(await write(['abc'])).toMatchObject({ tokens: 6 });
  expect(loads()).toBe(2);
});

test('it is stopped in the middle: what was written has been told', async () => {
  const { write } = samplerOn();
  const controller = new AbortController();
  const texts = ['', ''];
  const hear = (event: SampleEvent): void => {
    if (event.type === 'text') texts[event.prompt] += event.text;
    if ((texts[1] ?? '').length === 2) controller.abort();
  };
  await expect(write(['abc', 'de'], hear, controller.signal)).rejects.toMatchObject({ code: 'ANN-RUN-012' });
  expect(texts.map(({ length }) => length)).toEqual([2, 2]);
});
