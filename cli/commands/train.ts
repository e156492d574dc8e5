import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { AnnealError } from '../../src/base/error.ts';
import { readConfig } from '../../src/domain/config/read.ts';
import { BUILT_IN_SOURCE } from '../../src/domain/config/schema.ts';
import { runErrors } from '../../src/domain/runs/errors.ts';
import type { RunId } from '../../src/domain/runs/events.ts';
import type { Run } from '../../src/domain/runs/run.ts';
import { once } from '../../src/services/data/artifacts.ts';
import { takeText } from '../../src/services/data/texts.ts';
import { saveToFolder } from '../../src/services/models/save.ts';
import { createRunService } from '../../src/services/runs/runs.ts';
import { newRunId, resumeRun, type Started, startRun } from '../../src/services/runs/start.ts';
import { deviceOption, parse, UsageError, wholeOption, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';
import { configText, findFile, placesOf } from '../source.ts';
import { nodeServices, workFolder } from '../stores.ts';
import { createTrainOutput, notice } from '../train-output.ts';

const USAGE = 'train FILE [--data PATH] [--device D] [--steps N] [--out DIR] [--resume] [--json]';
/** Where runs go that name no folder. */
const RUNS = 'runs';

/** Trains what a config describes, with the studio's own services; the folder ends as a Hugging Face one. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional: path, values } = parse(
      args,
      {
        data: { type: 'string' },
        device: { type: 'string' },
        steps: { type: 'string' },
        out: { type: 'string' },
        resume: { type: 'boolean' },
        json: { type: 'boolean' },
      },
      'FILE',
    );
    const device = deviceOption(values.device);
    const steps = wholeOption('--steps', values.steps, 1);
    const text = await configText(path);
    const id = newRunId({ clock: { now: () => Date.now(), elapsed: () => performance.now() }, random });
    const resumed = values.resume === true ? await findRun(path, values.out ?? null) : null;
    const folder = resumed?.folder ?? values.out ?? join(RUNS, id);
    const services = nodeServices(folder);
    const { deps } = services;
    const output = createTrainOutput(io, values.json === true, deps);

    try {
      let started: Started;
      if (resumed === null) {
        const data = await importFiles(services, path, text, values.data ?? null);
        const request = { project: 'local', path, text, version: null, editedBy: [], run: id, steps };
        started = await startRun(
          deps,
          { ...request, ...(data === null ? {} : { data }), ...(device === null ? {} : { device }) },
          output.onProgress,
        );
      } else {
        await noteOtherText(deps.runs.get(resumed.run), path, text, io);
        await createRunService(deps).recover();
        const options = { steps, ...(device === null ? {} : { device }) };
        started = await resumeRun(deps, resumed.run, options, output.onProgress);
      }
      io.stderr.write(`Run ${started.run} in ${folder}\n`);
      const run = await finish(services, started, output, steps, io);
      return await conclude(services, run, folder, path, io);
    } catch (error) {
      if (!(error instanceof AnnealError) || !ERRORS_FOUND.test(error.code)) throw error;
      io.stderr.write(`${notice(error.toJSON())}\n`);
      return EXIT.errorsFound;
    } finally {
      services.trainer.dispose();
    }
  });
}

/** What is wrong with the config or the data, rather than with the run. */
const ERRORS_FOUND = /^ANN-(CFG|DAT|TOK)-|^ANN-RUN-00[67]$/;

type Services = ReturnType<typeof nodeServices>;

/** Follows the run to its end; Ctrl-C asks it to stop once, and ends the process when pressed again. */
async function finish(
  { deps }: Services,
  { run, ended }: Started,
  output: ReturnType<typeof createTrainOutput>,
  steps: number | null,
  io: CommandIo,
): Promise<Run> {
  const following = await output.follow(run, steps);
  const stop = (): void => {
    process.once('SIGINT', () => process.exit(130));
    io.stderr.write('\nStopping after this update; press Ctrl-C again to end at once.\n');
    deps.trainer.command(run, { type: 'stop' }).catch(() => undefined); // over already
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    return await ended;
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
    await following.end();
  }
}

/** Saves what there is, and says how it ended and how to go on. */
async function conclude(
  { deps }: Services,
  run: Run,
  folder: string,
  path: string,
  io: CommandIo,
): Promise<number> {
  if (run.checkpoint !== null) {
    await saveToFolder(deps, run.id, {
      async write(name, bytes) {
        const target = join(folder, name);
        await writeFile(`${target}.part`, bytes, { flush: true });
        await rename(`${target}.part`, target);
      },
    });
  }
  const again = `npx anneal train ${relative('', resolve(path))} --out ${folder} --resume`;
  if (run.state === 'finished') {
    const why = run.end === 'early_stopping' ? ', as the validation loss no longer fell' : '';
    io.stderr.write(`Finished at step ${run.step}${why}. The model is in ${folder}.\n`);
    return EXIT.fine;
  }
  if (run.failure !== null) {
    io.stderr.write(`${notice(run.failure)}\n`);
    if (run.checkpoint !== null) io.stderr.write(`Go on from step ${run.checkpoint.step} with: ${again}\n`);
    return ERRORS_FOUND.test(run.failure.code) ? EXIT.errorsFound : EXIT.failed;
  }
  const step = run.checkpoint?.step ?? 0;
  io.stderr.write(`Stopped at step ${step}. The model so far is in ${folder}; go on with: ${again}\n`);
  return EXIT.fine;
}

/** Takes in the data and the tokenizer's file. Resolves with the data's hash, null for the built-in corpus. */
async function importFiles(
  { store, files }: Services,
  config: string,
  text: string,
  given: string | null,
): Promise<string | null> {
  const { source, tokenizer } = readConfig(text).config.data;
  if (tokenizer.type === 'file') {
    files.set(tokenizer.path, await store.put(once(await bytesOf(await located(tokenizer.path, config)))));
  }
  if (given === null && source === BUILT_IN_SOURCE) return null;
  const path = given ?? (await located(source, config));
  return (await takeText(store, path, await bytesOf(path))).sha256;
}

async function located(path: string, config: string): Promise<string> {
  const found = await findFile(path, config);
  if (found !== null) return found;
  throw runErrors.missingData({
    message: `There is no file ${placesOf(path, config).join(' and none ')}`,
    where: path,
    fix: 'Put it there, or name another place with --data PATH.',
  });
}

async function bytesOf(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (thrown) {
    throw new UsageError(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

/** The newest run in the folder that can be gone on with; without a folder, the newest of this config in runs/. */
async function findRun(
  config: string,
  out: string | null,
): Promise<{ readonly folder: string; readonly run: RunId }> {
  const folders = out === null ? (await namesIn(RUNS)).map((name) => join(RUNS, name)).reverse() : [out];
  for (const folder of folders) {
    if ((await namesIn(workFolder(folder))).length === 0) continue;
    const runs = await nodeServices(folder).deps.runs.list({ project: 'local' });
    const [newest] = out === null ? runs.filter(({ pins }) => samePath(pins.config.path, config)) : runs;
    if (newest === undefined) continue;
    if (newest.state === 'finished') {
      throw new UsageError(`The run in ${folder} is finished; without --resume a new one is started.`);
    }
    return { folder, run: newest.id };
  }
  throw new UsageError(`There is no run to resume in ${out ?? RUNS}; leave --resume away to start one.`);
}

function samePath(a: string, b: string): boolean {
  return resolve(a) === resolve(b);
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder).catch(() => [])).sort();
}

/** A run goes on with the config that it began with; one that changed since is a new run. */
async function noteOtherText(
  run: Promise<Run | null>,
  path: string,
  text: string,
  io: CommandIo,
): Promise<void> {
  const pinned = (await run)?.pins.config.text;
  if (pinned === undefined || pinned === text) return;
  io.stderr.write(`${path} has changed since; the run goes on with the config that it began with.\n`);
}

function random(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
}
