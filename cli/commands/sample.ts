import { stat } from 'node:fs/promises';
import { sampleFolder } from '../../src/services/models/sample-folder.ts';
import { nodeFolder } from '../../src/storage/node/folder-files.ts';
import { parse, UsageError, wholeOption, withUsage } from '../arguments.ts';
import { machineSettings } from '../cache.ts';
import { nodeDevices } from '../devices.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'sample DIR [--prompt T] [--max-new-tokens N] [--seed S] [--json]';

/** Lets the model of a Hugging Face folder write: ours or anybody's. Ctrl-C stops it. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional: folder, values } = parse(
      args,
      {
        prompt: { type: 'string' },
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
    const prompt = values.prompt ?? '\n';
    const stop = new AbortController();
    const onInterrupt = (): void => stop.abort();
    process.once('SIGINT', onInterrupt);
    if (!json) io.stdout.write(prompt);
    try {
      const outcome = await sampleFolder(
        {
          devices: nodeDevices(machineSettings()),
          clock: { now: () => Date.now(), elapsed: () => performance.now() },
          breathe: () => new Promise((resolve) => setImmediate(resolve)),
        },
        await nodeFolder(folder),
        {
          sampling: {
            prompt,
            ...(max_new_tokens === null ? {} : { max_new_tokens }),
            ...(seed === null ? {} : { seed }),
          },
          device: 'auto',
        },
        (delta) => {
          if (!json) io.stdout.write(delta);
        },
        stop.signal,
      );
      const { text, tokens, ended, tokens_per_second, device } = outcome;
      if (json) {
        const line = { prompt, text, tokens, ended, tokens_per_second, device: device.name };
        io.stdout.write(`${JSON.stringify(line)}\n`);
      } else {
        io.stdout.write('\n');
      }
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
