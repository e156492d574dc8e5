import { afterAll, expect, test } from 'vitest';
import type { RunId } from '../domain/runs/events.ts';
import type { TrainRequest } from '../domain/runs/ports.ts';
import { once } from '../services/data/artifacts.ts';
import { createRunService } from '../services/runs/runs.ts';
import { CONFIG, TEXT } from '../services/testing/texts.ts';
import { openDatabase } from '../storage/dexie/database.ts';
import { createDexieMetricStore } from '../storage/dexie/metrics.ts';
import { createDexieRecordingStore } from '../storage/dexie/recordings.ts';
import { createDexieRunStore } from '../storage/dexie/runs.ts';
import { hasher } from '../storage/hasher.ts';
import { createOpfsArtifactStore } from '../storage/opfs/artifacts.ts';
import { createOpfsCheckpointStore } from '../storage/opfs/checkpoint-store.ts';
import { createWebLocks } from '../storage/web-locks.ts';
import { connectTrainer } from './trainer-client.ts';

// The real worker, OPFS, IndexedDB and Web Locks; killed as a tab is: terminate() asks nobody.

const database = openDatabase();
const artifacts = createOpfsArtifactStore(
  () => navigator.storage.getDirectory(),
  hasher,
  createWebLocks(navigator.locks),
);
const runs = createDexieRunStore(database);
const metrics = createDexieMetricStore(database);
const recordings = createDexieRecordingStore(database);
const workers: Worker[] = [];

function startWorker() {
  const worker = new Worker(new URL('./trainer.worker.ts', import.meta.url), { type: 'module' });
  workers.push(worker);
  const trainer = connectTrainer(worker);
  const service = createRunService({
    runs,
    metrics,
    recordings,
    trainer,
    checkpoints: createOpfsCheckpointStore(),
    locks: createWebLocks(navigator.locks),
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
  });
  return { worker, trainer, service };
}
afterAll(async () => {
  for (const worker of workers) worker.terminate();
  await database.dexie.delete();
});

async function request(run: string, device: TrainRequest['device'], text = CONFIG): Promise<TrainRequest> {
  const { sha256 } = await artifacts.put(once(new TextEncoder().encode(TEXT)));
  return {
    run: `${run}-${crypto.randomUUID().slice(0, 8)}` as RunId,
    project: run,
    name: run,
    owner: null,
    config: { path: 'anneal.yaml', text, version: null, edited_by: [] },
    data: { source: 'text.txt', sha256 },
    tokenizer_sha256: null,
    model: null,
    device,
    steps: null,
  };
}
const nothing = (): void => undefined;

async function losses(run: RunId): Promise<readonly number[]> {
  return (await metrics.read(run)).steps.map(({ loss }) => loss);
}

test.each(['reference', 'tfjs-wasm', 'tfjs-webgpu'] as const)(
  'killed in mid-step on %s, resumed in a new worker: the same curve to the bit',
  async (device) => {
    // Without evaluations and samples, which SwiftShader takes a minute for.
    const text = CONFIG.replace('eval_steps: 4', 'eval_steps: 0');
    const whole = await request(`whole-${device}`, device, text);
    const finished = await startWorker().trainer.train(whole, nothing);
    expect(finished).toMatchObject({ state: 'finished', step: 12, pins: { device: { name: device } } });

    const first = startWorker();
    const cut = await request(`cut-${device}`, device, text);
    const seen = new Promise<void>((resolve) => {
      const end = runs.watch(async () => {
        const run = await runs.get(cut.run);
        if ((run?.checkpoint?.step ?? 0) < 5) return;
        end();
        resolve();
      });
    });
    const gone = first.trainer.train(cut, nothing).catch(nothing);
    await seen;
    first.worker.terminate();

    const second = startWorker();
    const interrupted = await whenFree(second.service);
    if (interrupted > 0) {
      const run = await second.trainer.resume({ run: cut.run, device: null, steps: null }, nothing);
      expect(run).toMatchObject({ state: 'finished', step: 12 });
    }
    expect(await losses(cut.run)).toEqual(await losses(whole.run));
    first.trainer.close();
    await gone;
  },
);

/** A terminated worker lets go of its locks in its own time. */
async function whenFree(service: ReturnType<typeof createRunService>): Promise<number> {
  for (;;) {
    const active = (await runs.list()).filter(({ state }) => state === 'running' || state === 'queued');
    if (active.length === 0) return 0;
    const interrupted = await service.recover();
    if (interrupted.length > 0) return interrupted.length;
  }
}

test('auto chooses a device with its reason, and a second run of the project waits its turn', async () => {
  const { trainer } = startWorker();
  const report = await trainer.probe('auto');
  expect(report.reason).toContain(report.device.name);
  expect(report.tried.length).toBeGreaterThan(1);

  const long = await request('busy', 'reference', CONFIG.replace('max_steps: 12', 'max_steps: 100000'));
  const ended = trainer.train(long, nothing);
  await new Promise<void>((resolve) => {
    const end = runs.watch(async () => {
      if ((await runs.get(long.run))?.state === 'running') {
        end();
        resolve();
      }
    });
  });
  const other = { ...(await request('busy', 'reference')), project: 'busy' };
  await expect(startWorker().trainer.train(other, nothing)).rejects.toMatchObject({ code: 'ANN-RUN-003' });
  await trainer.command(long.run, { type: 'stop' });
  expect(await ended).toMatchObject({ state: 'stopped' });

  // Sampled from while nothing trains, streamed, and stopped at once.
  const heard: string[] = [];
  const drawing = {
    max_new_tokens: 20,
    temperature: 1,
    top_k: 0,
    top_p: 1,
    seed: 1,
    stop: [],
  };
  const source = { type: 'run', run: long.run } as const;
  const asked = { source, prompts: ['the'], drawing, device: 'reference' } as const;
  const outcome = await trainer.sample(asked, (event) => {
    if (event.type === 'text') heard.push(event.text);
  });
  expect(outcome).toMatchObject({
    prompts: [{ ok: true, ended: 'length', tokens: 20, text: heard.join('') }],
    tokens: 20,
  });
  const controller = new AbortController();
  const endless = { ...asked, drawing: { ...drawing, max_new_tokens: 1_000_000 } };
  await expect(trainer.sample(endless, () => controller.abort(), controller.signal)).rejects.toMatchObject({
    code: 'ANN-WRK-004',
  });

  const files = await trainer.exportModel(long.run);
  expect(files.map(({ path }) => path).sort()).toEqual([
    'README.md',
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ]);
});
