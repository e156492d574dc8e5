import { stat } from 'node:fs/promises';
import type { SampleOutcome } from '../../src/domain/runs/ports.ts';
import { sampleFolder, sampleFolderAll } from '../../src/services/models/sample-folder.ts';
import { nodeFolder } from '../../src/storage/node/folder-files.ts';
import { parse, UsageError, wholeOption, withUsage } from '../arguments.ts';
import { machineSettings } from '../cache.ts';
import { nodeDevices } from '../devices.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'sample DIR [--prompt T]... [--max-new-tokens N] [--seed S] [--json]';

/** Lets the model of a Hugging Face folder write: ours or anybody's, from one prompt or several at once. Ctrl-C stops it. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional: folder, values } = parse(
      args,
      {
        prompt: { type: 'string', multiple: true },
        'max-new-tokens': { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean' },
      },
      'DIR',
    );
    const max_new_tokens = wholeOption('--max-new-tokens', values['max-new-tokens'], 1);
    const seed = wholeOption('--seed', values.seed, 0);
    const isFolder = await stat(folder).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw new UsageError(`${folder} is no folder.`);

    const json = values.json === true;
    const prompts = values.prompt ?? ['\n'];
    const [prompt = '\n'] = prompts;
    const stop = new AbortController();
    const onInterrupt = (): void => stop.abort();
    process.once('SIGINT', onInterrupt);
    const deps = {
      devices: nodeDevices(machineSettings()),
      clock: { now: () => Date.now(), elapsed: () => performance.now() },
      breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    const sampling = {
      ...(max_new_tokens === null ? {} : { max_new_tokens }),
      ...(seed === null ? {} : { seed }),
    };
    const write = (text: string): void => {
      if (!json) io.stdout.write(text);
    };
    try {
      const files = await nodeFolder(folder);
      if (prompts.length > 1) {
        const request = { sampling, device: 'auto' as const, prompts };
        const outcomes = await sampleFolderAll(deps, files, request, stop.signal);
        outcomes.forEach((outcome, i) => {
          if (json) printLine(io, prompts[i] ?? '', outcome);
          else write(`${i === 0 ? '' : '\n'}${prompts[i]}${outcome.text}\n`);
        });
        if (!json) sayPace(io, outcomes);
        return EXIT.fine;
      }
      write(prompt);
      const request = { sampling: { prompt, ...sampling }, device: 'auto' as const };
      const outcome = await sampleFolder(deps, files, request, write, stop.signal);
      if (json) printLine(io, prompt, outcome);
      write('\n');
      if (!json) sayPace(io, [outcome]);
      return EXIT.fine;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      io.stdout.write('\n');
      return EXIT.fine;
    } finally {
      process.removeListener('SIGINT', onInterrupt);
    }
  });
}

/** Beside the text, which is all of stdout. */
function sayPace(io: CommandIo, outcomes: readonly SampleOutcome[]): void {
  const tokens = outcomes.reduce((sum, one) => sum + one.tokens, 0);
  const [first] = outcomes;
  if (first === undefined) return;
  // Of several prompts each says the pace of all of them together.
  const pace = first.tokens_per_second.toFixed(1);
  io.stderr.write(`${tokens} tokens, ${pace} per second on ${first.device.name}\n`);
}

function printLine(io: CommandIo, prompt: string, outcome: SampleOutcome): void {
  const { text, tokens, ended, tokens_per_second, device } = outcome;
  const line = { prompt, text, tokens, ended, tokens_per_second, device: device.name };
  io.stdout.write(`${JSON.stringify(line)}\n`);
}
