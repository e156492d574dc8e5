import { expect, test } from 'vitest';
import type { RunId } from '../../domain/runs/events.ts';
import type { Run } from '../../domain/runs/run.ts';
import type { Device } from '../../engine/device.ts';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { createChar } from '../../engine/tokenizers/char.ts';
import { lateDevice } from '../../engine/training/testing/late-device.ts';
import { createRunService, type RunService } from '../runs/runs.ts';
import { resumeRun, startRun } from '../runs/start.ts';
import { CONFIG } from '../testing/texts.ts';
import { createWorld, START } from '../testing/trainer-world.ts';

test('a run from Train to its end: state, pins, figures, events', async () => {
  const world = createWorld();
  const artifact = await world.addText();
  const deps = world.boot();
  const { run: id, ended } = await startRun(deps, START);
  expect(await deps.runs.get(id)).not.toBeNull();
  const run = await ended;
  expect(run).toMatchObject({
    id,
    project: 'sample',
    name: 'tiny 1',
    state: 'finished',
    step: 12,
    max_steps: 12,
    end: 'finished',
    checkpoint: { step: 12 },
    pins: {
      config: { path: 'anneal.yaml', text: CONFIG, edited_by: ['Ada'] },
      data: { source: 'text.txt', sha256: artifact.sha256, bytes: artifact.bytes },
      seed: 7,
      device: { name: 'reference' },
    },
  });
  expect(run.pins.tokenizer).toMatch(/^[0-9a-f]{64}$/);
  const { steps, evals } = await deps.metrics.read(id);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  expect(evals.map(({ step }) => step)).toEqual([4, 8, 12]);
  expect(steps.at(-1)?.loss).toBeLessThan(steps[0]?.loss ?? 0);
  const types = (await deps.runs.events(id)).map(({ event }) => event.type);
  expect(types.slice(0, 3)).toEqual(['created', 'prepared', 'started']);
  expect(types.filter((type) => type === 'sampled')).toHaveLength(3);
  expect(types.at(-1)).toBe('finished');
  expect(await deps.locks.held()).toEqual(new Set());
  expect((await world.timings.get('reference'))?.flops_per_second).toBeGreaterThan(0);
});

test('a config with dtype: float16 trains, says what the device makes of it, and keeps its loss scale', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const text = CONFIG.replace('training:', 'training:\n  dtype: float16');
  const run = await (await startRun(deps, { ...START, text })).ended;
  expect(run).toMatchObject({ state: 'finished', step: 12 });
  const { steps } = await deps.metrics.read(run.id);
  expect(steps.at(-1)?.loss).toBeLessThan(steps[0]?.loss ?? 0);
  expect(new Set(steps.map(({ loss_scale }) => loss_scale))).toEqual(new Set([65_536]));
  const told = (await deps.runs.events(run.id)).flatMap(({ event }) =>
    event.type === 'noticed' ? [event.facts.message] : [],
  );
  expect(told).toEqual(['float16 is stored as float32 on reference.']);
});

test('stopped, resumed in another session: the same losses to the bit', async () => {
  const whole = createWorld();
  await whole.addText();
  const one = whole.boot();
  const first = await (await startRun(one, START)).ended;
  const expected = await one.metrics.read(first.id);

  const cut = createWorld();
  await cut.addText();
  const before = cut.boot();
  const stopped = await (await startRun(before, { ...START, steps: 7 })).ended;
  expect(stopped).toMatchObject({ state: 'stopped', step: 7, max_steps: 12 });
  const after = cut.boot();
  const resumed = await (await resumeRun(after, stopped.id)).ended;
  expect(resumed).toMatchObject({ state: 'finished', step: 12 });
  const { steps, evals } = await after.metrics.read(stopped.id);
  expect(steps.map(({ loss }) => loss)).toEqual(expected.steps.map(({ loss }) => loss));
  expect(evals.filter(({ step }) => step !== 7)).toEqual(expected.evals);
});

test.each([2, 6, 9, 14, 19, 25])(
  'a session that dies at breath %i goes on to the same curve',
  async (fatal) => {
    const whole = createWorld();
    await whole.addText();
    const one = whole.boot();
    const first = await (await startRun(one, START)).ended;
    const expected = (await one.metrics.read(first.id)).steps.map(({ loss }) => loss);

    const world = createWorld();
    await world.addText();
    const breathe = world.boot().breathe;
    let breaths = 0;
    let dead: () => void = () => undefined;
    const died = new Promise<void>((resolve) => {
      dead = resolve;
    });
    // As when a tab is killed: from then on nothing happens there any more.
    const dying = world.boot({
      breathe: async () => {
        if (++breaths < fatal) return await breathe();
        dead();
        await new Promise(() => undefined);
      },
    });
    const { run: id, ended } = await startRun(dying, START);
    await Promise.race([died, ended.then(() => Promise.reject(new Error('it lived')))]);
    const next = world.boot();
    const service = createRunService(next);
    expect(await service.recover()).toMatchObject([{ id, state: 'interrupted' }]);
    expect(await service.recover()).toEqual([]);
    const resumed = await (await resumeRun(next, id)).ended;
    expect(resumed).toMatchObject({ state: 'finished', step: 12 });
    expect((await next.metrics.read(id)).steps.map(({ loss }) => loss)).toEqual(expected);
  },
);

test('pause, another learning rate, evaluate, sample, continue, stop', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const service = createRunService(deps);
  const { run: id, ended } = await startRun(deps, { ...START, text: CONFIG.replace('12', '100000') });
  const paused = until(service, id, 'paused');
  await service.control(id, { type: 'pause' });
  await paused;
  await service.control(id, { type: 'set_learning_rate', learning_rate: 5e-3 });
  await service.control(id, { type: 'evaluate' });
  const running = until(service, id, 'running');
  await service.control(id, { type: 'resume' });
  await running;
  await service.control(id, { type: 'stop' });
  const run = await ended;
  expect(run.state).toBe('stopped');
  const types = (await deps.runs.events(id)).map(({ event }) => event.type);
  expect(types).toEqual(expect.arrayContaining(['paused', 'learning_rate', 'continued', 'stopped']));
  await expect(service.control(id, { type: 'pause' })).rejects.toMatchObject({ code: 'ANN-RUN-004' });
});

test('a step that was recorded is kept with the run, and goes with it', async () => {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const best = { flops_per_second: 1e9, bytes_per_second: 1e9 };
  const device = () => ({ ...lateDevice(turn), ceilings: async () => best });
  const world = createWorld([{ name: 'reference', open: async () => device() }]);
  await world.addText();
  const deps = world.boot();
  const service = createRunService(deps);
  const { run: id, ended } = await startRun(deps, { ...START, text: CONFIG.replace('12', '100000') });
  const recorded = new Promise<void>((resolve) => {
    const end = service.watchRecording(id, async () => {
      if ((await service.recording(id)) === null) return;
      end();
      resolve();
    });
  });
  expect(await service.recording(id)).toBeNull();
  await until(service, id, 'running');
  await service.control(id, { type: 'profile' });
  await recorded;
  await service.control(id, { type: 'stop' });
  await ended;
  const { steps } = await service.metrics(id);
  const kept = await service.recording(id);
  expect(kept).toMatchObject({ device: 'reference', ceilings: best, total_ms: 2 });
  expect(steps.map(({ step }) => step)).toContain(kept?.step);
  await service.remove(id);
  await service.purge();
  expect(await service.recording(id)).toBeNull();
});

test('one run per project at a time', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const long = CONFIG.replace('12', '100000');
  const { run: id, ended } = await startRun(deps, { ...START, text: long });
  await expect(startRun(deps, START)).rejects.toMatchObject({ code: 'ANN-RUN-003', data: { run: id } });
  const other = await startRun(deps, { ...START, project: 'other' });
  await other.ended;
  await deps.trainer.command(id, { type: 'stop' });
  await ended;
});

/** Resolves when the run is in that state. */
function until(service: RunService, id: RunId, state: Run['state']): Promise<void> {
  return new Promise((resolve) => {
    const look = async () => {
      if ((await service.get(id))?.state !== state) return;
      end();
      resolve();
    };
    const end = service.watchAll(look);
    void look();
  });
}

/** A reference device that is lost after some programs have run on it. */
function failing(runs: number): Device {
  const device = createReferenceDevice();
  const error = deviceErrors.lost({ message: 'The GPU went away' });
  let lose: (error: ReturnType<typeof deviceErrors.lost>) => void = () => undefined;
  const lost = new Promise<ReturnType<typeof deviceErrors.lost>>((resolve) => {
    lose = resolve;
  });
  let left = runs;
  return {
    info: { ...device.info, name: 'tfjs-webgpu' },
    lost,
    dispose: () => device.dispose(),
    async open(state) {
      const session = await device.open(state);
      return {
        ...session,
        write: (name, values) => session.write(name, values),
        read: (name) => session.read(name),
        memoryBytes: () => session.memoryBytes(),
        dispose: () => session.dispose(),
        async compile(program) {
          const executable = await session.compile(program);
          return {
            dispose: () => executable.dispose(),
            run(feeds) {
              if (--left > 0) return executable.run(feeds);
              lose(error);
              return new Promise(() => undefined); // as a lost GPU does
            },
          };
        },
      };
    },
  };
}

test('a lost GPU: the next device goes on from the last checkpoint, and the run says so', async () => {
  const world = createWorld([
    { name: 'tfjs-webgpu', open: async () => failing(20) },
    { name: 'reference', open: async () => createReferenceDevice() },
  ]);
  await world.addText();
  const deps = world.boot();
  const run = await (await startRun(deps, START)).ended;
  expect(run).toMatchObject({ state: 'finished', step: 12, pins: { device: { name: 'reference' } } });
  const changed = (await deps.runs.events(run.id)).find(({ event }) => event.type === 'device_changed');
  expect(changed?.event).toMatchObject({ because: { code: 'ANN-DEV-001' }, device: { name: 'reference' } });
  const { steps } = await deps.metrics.read(run.id);
  expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
});

test('a device that is not there is replaced, with a notice; with none left the run fails with the reason', async () => {
  const world = createWorld();
  await world.addText();
  const run = await (await startRun(world.boot(), { ...START, device: 'tfjs-webgl' })).ended;
  expect(run).toMatchObject({ state: 'finished', pins: { device_choice: 'tfjs-webgl' } });
  const notices = (await world.runs.events(run.id)).filter(({ event }) => event.type === 'noticed');
  expect(notices).toMatchObject([{ event: { facts: { code: 'ANN-RUN-014' } } }]);

  const none = createWorld([{ name: 'tfjs-webgpu', open: async () => failing(5) }]);
  await none.addText();
  const failed = await (await startRun(none.boot(), START)).ended;
  expect(failed).toMatchObject({ state: 'failed', failure: { code: 'ANN-DEV-001' } });
});

test('a broken config, a missing text and a text that is none are refused with their reasons', async () => {
  const world = createWorld();
  const deps = world.boot();
  await expect(startRun(deps, { ...START, text: 'model: 3' })).rejects.toMatchObject({ code: 'ANN-RUN-007' });
  await expect(
    startRun(deps, { ...START, text: CONFIG.replace('n_head: 2', 'n_head: 3') }),
  ).rejects.toMatchObject({ code: 'ANN-RUN-007', message: expect.stringContaining('n_head') });
  expect(await deps.runs.list()).toEqual([]);
  await expect(startRun(deps, START)).rejects.toMatchObject({ code: 'ANN-RUN-006', where: 'text.txt' });
  await world.addText('text.txt', '\u0000\u0001\u0002');
  const run = await (await startRun(deps, START)).ended;
  expect(run).toMatchObject({ state: 'failed', failure: { code: expect.stringMatching(/^ANN-DAT/) } });
});

test('what was tokenised once is found again, and made again once it is gone', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const request = {
    data: { source: 'text.txt', sha256: world.files.get('text.txt')?.sha256 ?? '' },
    config: CONFIG.replace('{ type: char }', '{ type: bpe, vocab_size: 260 }'),
    tokenizer_sha256: null,
  };
  const seen: string[] = [];
  const first = await deps.trainer.prepare(request, ({ what }) => seen.push(what));
  expect(first.tokenizer).toMatchObject({ vocab_size: 260 });
  expect(seen).toContain('Training the tokenizer');
  seen.length = 0;
  expect(await deps.trainer.prepare(request, ({ what }) => seen.push(what))).toEqual(first);
  expect(seen).toEqual([]);
  const text = request.data.sha256;
  for (const { sha256 } of await deps.store.list()) if (sha256 !== text) await deps.store.remove(sha256);
  expect(await deps.trainer.prepare(request, ({ what }) => seen.push(what))).toEqual(first);
  expect(seen).toContain('Training the tokenizer');
});

test('the same text under another name is trained on as well', async () => {
  const world = createWorld();
  const { sha256 } = await world.addText();
  const deps = world.boot();
  expect(await (await startRun(deps, START)).ended).toMatchObject({ state: 'finished' });
  expect(await world.addText('renamed.txt')).toMatchObject({ sha256 });
  const text = CONFIG.replace('source: text.txt', 'source: renamed.txt');
  const renamed = await (await startRun(deps, { ...START, text })).ended;
  expect(renamed).toMatchObject({ state: 'finished', pins: { data: { source: 'renamed.txt', sha256 } } });
  const request = { data: { source: 'renamed.txt', sha256 }, config: text, tokenizer_sha256: null };
  expect(await deps.trainer.prepare(request, () => undefined)).toMatchObject({ source: 'renamed.txt' });
});

test('the same tokenizer file under another name is taken as well', async () => {
  const world = createWorld();
  await world.addText();
  const deps = world.boot();
  const vocabulary = createChar([...'abcdefghijklmnopqrstuvwxyz. ']).toJSON();
  for (const path of ['one.json', 'two.json']) {
    await world.addText(path, vocabulary);
    const text = CONFIG.replace('{ type: char }', `{ type: file, path: ${path} }`);
    expect(await (await startRun(deps, { ...START, text })).ended).toMatchObject({ state: 'finished' });
  }
});
