import { stat } from 'node:fs/promises';
import type { PromptOutcome, SampleEvent } from '../../src/domain/runs/ports.ts';
import { sampleFolder } from '../../src/services/models/sample-folder.ts';
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
    const stop = new AbortController();
    const onInterrupt = (): void => stop.abort();
    process.once('SIGINT', onInterrupt);
    const deps = {
      devices: nodeDevices(machineSettings()),
      clock: { now: () => Date.now(), elapsed: () => performance.now() },
      breathe: () => new Promise<void>((resolve) => setImmediate(resolve)),
    };
    const drawing = {
      ...(max_new_tokens === null ? {} : { max_new_tokens }),
      ...(seed === null ? {} : { seed }),
    };
    const write = (text: string): void => {
      if (!json) io.stdout.write(text);
    };
    // One text is read while it comes; of several each is shown once it is whole.
    const alone = prompts.length === 1;
    const hear = (event: SampleEvent): void => {
      if (alone && event.type === 'text') write(event.text);
    };
    try {
      const files = await nodeFolder(folder);
      if (alone) write(prompts[0] ?? '');
      const request = { prompts, drawing, device: 'auto' as const };
      const { device, ...outcome } = await sampleFolder(deps, files, request, hear, stop.signal);
      outcome.prompts.forEach((one, i) => {
        const prompt = prompts[i] ?? '';
        if (json) printLine(io, prompt, one, device.name);
        else if (!one.ok)
          io.stderr.write(`${JSON.stringify(prompt)}: ${one.error.message}. ${one.error.fix}\n`);
        else write(alone ? '\n' : `${i === 0 ? '' : '\n'}${prompt}${one.text}\n`);
      });
      if (!json) {
        const pace = outcome.tokens_per_second.toFixed(1);
        io.stderr.write(`${outcome.tokens} tokens, ${pace} per second on ${device.name}\n`);
      }
      return outcome.prompts.every(({ ok }) => ok) ? EXIT.fine : EXIT.failed;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      io.stdout.write('\n');
      return EXIT.fine;
    } finally {
      process.removeListener('SIGINT', onInterrupt);
    }
  });
}

function printLine(io: CommandIo, prompt: string, outcome: PromptOutcome, device: string): void {
  const { ok, ...told } = outcome;
  io.stdout.write(`${JSON.stringify({ prompt, ...told, ...(ok ? { device } : {}) })}\n`);
}
