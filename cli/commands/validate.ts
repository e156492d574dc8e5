import { readFile, stat } from 'node:fs/promises';
import { AnnealError } from '../../src/base/error.ts';
import { inOrder, type Reading, readConfig } from '../../src/domain/config/read.ts';
import { BUILT_IN_SOURCE, type Config } from '../../src/domain/config/schema.ts';
import { checkTextSize, decodeText } from '../../src/domain/data/decode.ts';
import { prepareData } from '../../src/domain/data/prepare.ts';
import { generateStories } from '../../src/domain/data/stories/corpus.ts';
import { rangeOf } from '../../src/domain/preflight/facts.ts';
import { preflight } from '../../src/domain/preflight/preflight.ts';
import { type DataProfile, type Diagnostic, NO_PROFILES } from '../../src/domain/preflight/report.ts';
import type { DeviceChoice, DeviceInfo } from '../../src/engine/device.ts';
import { nodeDeviceFactories } from '../../src/engine/devices/node/factories.ts';
import { hasher } from '../../src/storage/hasher.ts';
import { createNodeTimings } from '../../src/storage/node/settings.ts';
import { deviceOption, parse, UsageError, withUsage } from '../arguments.ts';
import { machineSettings } from '../cache.ts';
import { type CommandIo, EXIT } from '../io.ts';
import { renderReport } from '../report.ts';
import { configText, findFile, placesOf } from '../source.ts';

const USAGE = 'validate FILE [--data PATH] [--device D] [--json]';

/** Says what is wrong with a config and what it would cost, as the editor does, from the same function. */
export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional: path, values } = parse(
      args,
      { data: { type: 'string' }, device: { type: 'string' }, json: { type: 'boolean' } },
      'FILE',
    );
    const choice = deviceOption(values.device);
    const text = await configText(path);
    const notes: string[] = [];
    const reading = readConfig(text);
    const broken: Diagnostic[] = [];
    const data = await profileOf(reading.config, path, values.data ?? null, notes).catch(
      (thrown: unknown) => {
        // A wrong text or tokenizer is found out about like a wrong config, beside all else that is wrong.
        if (!(thrown instanceof AnnealError) || !/^ANN-(DAT|TOK)-/.test(thrown.code)) throw thrown;
        broken.push(brokenData(reading, thrown));
        return null;
      },
    );
    const device = choice === null ? null : await deviceInfo(choice, notes);
    const timings = device === null ? null : await createNodeTimings(machineSettings()).get(device.name);
    const report = preflight(text, { ...NO_PROFILES, data, device, timings });
    const diagnostics = inOrder([...report.diagnostics, ...broken]);
    if (values.json) {
      const shown = diagnostics.map(({ because: _, ...rest }) => rest);
      io.stdout.write(`${JSON.stringify({ diagnostics: shown, estimate: report.estimate })}\n`);
    } else {
      io.stdout.write(renderReport(path, text, { ...report, diagnostics }, notes));
    }
    const wrong = diagnostics.some(({ severity }) => severity === 'error');
    return wrong ? EXIT.errorsFound : EXIT.fine;
  });
}

function brokenData(reading: Reading, { code, message, where, fix }: AnnealError): Diagnostic {
  const place = where === undefined ? '' : ` (${where})`;
  return {
    code,
    severity: 'error',
    message: `${message}${place} ${fix}`,
    range: rangeOf(reading, code.startsWith('ANN-TOK') ? 'data.tokenizer.path' : 'data.source'),
    fixes: [],
    because: [],
  };
}

/**
 * What is known of the data. Without --data a BPE is not trained: how many tokens it aims at is enough for
 * the model's size. Throws ANN-DAT and ANN-TOK errors where --data is no text.
 */
async function profileOf(
  config: Config,
  path: string,
  given: string | null,
  notes: string[],
): Promise<DataProfile | null> {
  const { source, tokenizer, validation_split } = config.data;
  const place = given ?? (source === BUILT_IN_SOURCE ? null : await findFile(source, path));
  if (place === null && source !== BUILT_IN_SOURCE) {
    const looked = placesOf(source, path).join(' and ');
    notes.push(`The data was not found (looked at ${looked}); name it with --data PATH.`);
    return null;
  }
  if (given === null && tokenizer.type === 'bpe') return null;
  const text = place === null ? await generateStories() : await dataText(place);
  const request = { source, text, tokenizer, validation_split };
  if (tokenizer.type !== 'file') return (await prepareData(request, { hasher })).profile;
  const json = await findFile(tokenizer.path, path);
  if (json === null) {
    notes.push(
      `The tokenizer ${tokenizer.path} was not found, beside the config or in the working directory.`,
    );
    return null;
  }
  const tokenizerJson = await readFile(json, 'utf8');
  return (await prepareData({ ...request, tokenizerJson }, { hasher })).profile;
}

async function dataText(path: string): Promise<string> {
  const size = await stat(path).catch((thrown: unknown) => {
    throw new UsageError(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
  });
  if (!size.isFile()) throw new UsageError(`${path} is no file.`);
  const tooLarge = checkTextSize(size.size, path);
  if (tooLarge !== null) throw tooLarge;
  const decoded = decodeText(await readFile(path), path);
  if (!decoded.ok) throw decoded.error;
  return decoded.value.text;
}

/** The device's own words and limits; null where it cannot be had here. */
async function deviceInfo(choice: DeviceChoice, notes: string[]): Promise<DeviceInfo | null> {
  // A choice by probing takes seconds and says nothing about the config; the first that opens will do.
  const factories = nodeDeviceFactories().filter(({ name }) => choice === 'auto' || name === choice);
  for (const factory of factories) {
    try {
      const device = await factory.open();
      const { info } = device;
      device.dispose();
      return info;
    } catch (thrown) {
      const reason =
        thrown instanceof AnnealError || thrown instanceof Error ? thrown.message : String(thrown);
      notes.push(`${factory.name}: ${reason}`);
    }
  }
  if (factories.length === 0) notes.push(`There is no device ${choice} in Node; its limits are not known.`);
  return null;
}
