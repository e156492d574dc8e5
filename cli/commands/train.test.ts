import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CONFIG, TEXT } from '../../src/services/testing/texts.ts';
import { run as sample } from './sample.ts';
import { run as train } from './train.ts';

/** Processes that are started one after the other, each within seconds on a machine at work. */
const PATIENCE_MS = 300_000;
const main = join(import.meta.dirname, '..', 'main.ts');
let folder = '';
let config = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'anneal-train-'));
  process.env.ANNEAL_CACHE = join(folder, 'cache');
  config = join(folder, 'anneal.yaml');
  await writeFile(config, CONFIG);
  await writeFile(join(folder, 'text.txt'), TEXT);
});
afterAll(async () => {
  delete process.env.ANNEAL_CACHE;
  await rm(folder, { recursive: true, force: true });
});

async function call(command: typeof train, ...args: string[]) {
  const io = { stdout: new PassThrough(), stderr: new PassThrough() };
  const code = await command(args, io);
  const read = (stream: PassThrough): string => String(stream.read() ?? '');
  return { code, stdout: read(io.stdout), stderr: read(io.stderr) };
}

interface Line {
  readonly step: number;
  readonly loss: number | null;
  readonly val_loss: number | null;
  readonly tokens_per_second: number | null;
  readonly step_ms: number | null;
}
const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);

const FILES = [
  '.anneal',
  'README.md',
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

test(
  'trains to the end, tells each step as JSON, and leaves a folder that can be sampled from',
  async () => {
    const out = join(folder, 'whole');
    const { code, stdout, stderr } = await call(
      train,
      config,
      '--device',
      'reference',
      '--out',
      out,
      '--json',
    );
    expect(code).toBe(0);
    expect(stderr).toContain('Finished at step 12');
    const lines = linesOf(stdout);
    expect(lines.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
    expect(lines.filter(({ val_loss }) => val_loss !== null).map(({ step }) => step)).toEqual([4, 8, 12]);
    for (const { loss, tokens_per_second, step_ms } of lines) {
      expect([loss, tokens_per_second, step_ms].every((x) => typeof x === 'number' && x > 0)).toBe(true);
    }
    expect((await readdir(out)).sort()).toEqual(FILES);

    const told = await call(sample, out, '--prompt', 'the', '--max-new-tokens', '6', '--seed', '1', '--json');
    expect(told.code).toBe(0);
    expect(JSON.parse(told.stdout)).toMatchObject({ prompt: 'the', tokens: 6, ended: 'length' });
    const again = await call(sample, out, '--prompt', 'the', '--max-new-tokens', '6', '--seed', '1');
    expect(again.stdout).toBe(`the${JSON.parse(told.stdout).text}\n`);
  },
  PATIENCE_MS,
);

test('--steps stops early on the same schedule; --resume goes on to the same weights', async () => {
  const out = join(folder, 'steps');
  const first = await call(
    train,
    config,
    ...['--device', 'reference', '--out', out, '--steps', '7', '--json'],
  );
  expect(first.code).toBe(0);
  expect(first.stderr).toContain('--resume');
  const rest = await call(train, config, '--out', out, '--resume', '--json');
  expect(rest.code).toBe(0);
  const whole = await readFile(join(folder, 'whole', 'model.safetensors'));
  expect((await readFile(join(out, 'model.safetensors'))).equals(whole)).toBe(true);
  expect([...linesOf(first.stdout), ...linesOf(rest.stdout)].map(({ step }) => step)).toEqual(
    Array.from({ length: 12 }, (_, i) => i + 1),
  );
});

/** The command in a process of its own; `seen` resolves once it has told this step. */
function start(out: string, ...more: string[]) {
  const args = [main, 'train', join(folder, 'long.yaml'), '--device', 'reference', '--out', out, '--json'];
  const child: ChildProcess = spawn(process.execPath, [...args, ...more]);
  let stdout = '';
  let stderr = '';
  const waiting: { readonly step: number; readonly resolve: () => void }[] = [];
  child.stderr?.on('data', (piece) => {
    stderr += piece;
  });
  child.stdout?.on('data', (piece) => {
    stdout += piece;
    const last = linesOf(stdout.slice(0, stdout.lastIndexOf('\n') + 1)).at(-1)?.step ?? 0;
    for (const { step, resolve } of waiting) if (last >= step) resolve();
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const seen = (step: number): Promise<unknown> =>
    Promise.race([
      new Promise<void>((resolve) => waiting.push({ step, resolve })),
      ended.then(() => Promise.reject(new Error(`ended before step ${step}: ${stderr}`))),
    ]);
  return { child, ended, seen, lines: () => linesOf(stdout), stderr: () => stderr };
}

test(
  'kill -9 in mid-run, then --resume: the curve of a run that was never killed',
  async () => {
    await writeFile(join(folder, 'long.yaml'), CONFIG.replace('max_steps: 12', 'max_steps: 400'));
    const whole = start(join(folder, 'long-whole'));
    expect(await whole.ended).toBe(0);

    // One that was at its end before anybody heard how far it is has not been killed: then another one is.
    const killing = async (attempt: number) => {
      const out = join(folder, `long-killed-${attempt}`);
      const killed = start(out);
      await killed.seen(20);
      killed.child.kill('SIGKILL');
      if ((await killed.ended) !== null) return null;
      const resumed = start(out, '--resume');
      await resumed.seen(60);
      resumed.child.kill('SIGKILL');
      return (await resumed.ended) === null ? { out, killed, resumed } : null;
    };
    let done: Awaited<ReturnType<typeof killing>> = null;
    for (let attempt = 0; done === null && attempt < 5; attempt++) done = await killing(attempt);
    if (done === null) expect.fail('a process could not be killed');
    const { out, killed, resumed } = done;
    const last = start(out, '--resume');
    expect([await last.ended, last.stderr()]).toEqual([0, expect.stringContaining('Finished at step 400')]);

    const expected = new Map(whole.lines().map((line) => [line.step, line.loss]));
    const told = [...killed.lines(), ...resumed.lines(), ...last.lines()];
    for (const { step, loss } of told) expect([step, loss]).toEqual([step, expected.get(step)]);
    expect(last.lines().at(-1)?.step).toBe(400);
    const weights = await readFile(join(folder, 'long-whole', 'model.safetensors'));
    expect((await readFile(join(out, 'model.safetensors'))).equals(weights)).toBe(true);
  },
  PATIENCE_MS,
);

test(
  'Ctrl-C keeps a checkpoint, saves the model and says how to go on',
  async () => {
    let out = '';
    let running: ReturnType<typeof start>;
    let attempt = 0;
    do {
      out = join(folder, `interrupted-${attempt}`);
      running = start(out);
      await running.seen(3);
      running.child.kill('SIGINT');
      expect(await running.ended).toBe(0);
      // As above: it may have been at its end before.
    } while (running.stderr().includes('Finished at step 400') && ++attempt < 5);
    expect(running.stderr()).toMatch(/Stopped at step \d+.*--resume/);
    expect((await readdir(out)).sort()).toEqual(FILES);
    const step = Number(/Stopped at step (\d+)/.exec(running.stderr())?.[1]);
    expect(running.lines().at(-1)?.step).toBe(step);
  },
  PATIENCE_MS,
);

test('usage, broken configs and data each have their exit code and a way on', async () => {
  const broken = join(folder, 'broken.yaml');
  await writeFile(broken, CONFIG.replace('n_head: 2', 'n_head: 3'));
  const binary = join(folder, 'binary.txt');
  await writeFile(binary, new Uint8Array([0, 1, 2, 3]));
  const missing = join(folder, 'missing.yaml');
  await writeFile(missing, CONFIG.replace('text.txt', 'nowhere.txt'));
  const out = join(folder, 'refused');
  const cases: [string[], number, RegExp][] = [
    [[], 2, /FILE is missing/],
    [[config, '--device', 'cuda'], 2, /There is no device "cuda"/],
    [[join(folder, 'none.yaml')], 2, /cannot be read/],
    [[config, '--resume', '--out', join(folder, 'empty')], 2, /no run to resume/],
    [[config, '--resume', '--out', join(folder, 'whole')], 2, /finished/],
    [[broken, '--out', out], 1, /ANN-RUN-007 .*head/],
    [[missing, '--out', out], 1, /ANN-RUN-006 .*nowhere.txt/],
    [[config, '--data', binary, '--out', out], 1, /ANN-DAT-003/],
  ];
  for (const [args, code, message] of cases) {
    const answer = await call(train, ...args);
    expect([args, answer.code]).toEqual([args, code]);
    expect(answer.stderr).toMatch(message);
    expect(answer.stdout).toBe('');
  }
});
