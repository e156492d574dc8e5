import { readFile } from 'node:fs/promises';
import { TOLERANCES } from '../../src/engine/training/verify.ts';
import { verify } from '../../src/services/verify.ts';
import { deviceOption, parse, UsageError, withUsage } from '../arguments.ts';
import { machineSettings } from '../cache.ts';
import { nodeDevices } from '../devices.ts';
import { type CommandIo, EXIT } from '../io.ts';

const USAGE = 'verify FIXTURE.safetensors [--device D] [--json]';

export function run(args: readonly string[], io: CommandIo): Promise<number> {
  return withUsage(io, USAGE, async () => {
    const { positional, values } = parse(
      args,
      { device: { type: 'string' }, json: { type: 'boolean' } },
      'FIXTURE.safetensors',
    );
    const device = deviceOption(values.device) ?? 'auto';
    const settingsPath = positional.replace(/\.safetensors$/, '.json');
    if (settingsPath === positional) throw new UsageError('The fixture is a file that ends in .safetensors.');
    const settings = parseJson(await text(settingsPath), settingsPath);
    const result = await verify(nodeDevices(machineSettings()), await bytes(positional), settings, device);
    if (values.json) {
      io.stdout.write(`${JSON.stringify(result)}\n`);
    } else {
      const rows = Object.entries(TOLERANCES).map(([kind, limit]) => {
        const error = result[kind as keyof typeof TOLERANCES];
        return `  ${kind.padEnd(7)} ${error.toExponential(2)}  ${error <= limit ? 'at most' : 'OVER'} ${limit}`;
      });
      io.stdout.write(`${result.device}\n${rows.join('\n')}\n${result.holds ? 'holds' : 'does not hold'}\n`);
    }
    return result.holds ? EXIT.fine : EXIT.errorsFound;
  });
}

async function bytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (thrown) {
    throw new UsageError(`${path} cannot be read: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}

async function text(path: string): Promise<string> {
  return new TextDecoder().decode(await bytes(path));
}

function parseJson(json: string, path: string): unknown {
  try {
    return JSON.parse(json);
  } catch (thrown) {
    throw new UsageError(`${path} is no JSON: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
}
