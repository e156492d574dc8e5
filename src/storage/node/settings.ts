import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Timings } from '../../domain/preflight/report.ts';
import type { Settings, TimingStore } from '../../domain/runs/ports.ts';
import { toStorageError } from '../errors.ts';

/** One JSON file for this user. It holds only what can be found out again, so a broken one counts as empty. */
export function createNodeSettings(path: string): Settings {
  const read = async (): Promise<Record<string, unknown>> => {
    try {
      const value: unknown = JSON.parse(await readFile(path, 'utf8'));
      return typeof value === 'object' && value !== null ? { ...value } : {};
    } catch {
      return {};
    }
  };
  return {
    get: async (key) => (await read())[key],
    async set(key, value) {
      try {
        await mkdir(dirname(path), { recursive: true });
        const incoming = `${path}.${process.pid}`;
        await writeFile(incoming, JSON.stringify({ ...(await read()), [key]: value }, null, 2));
        await rename(incoming, path);
      } catch (thrown) {
        throw toStorageError(thrown);
      }
    },
  };
}

export function createNodeTimings(settings: Settings): TimingStore {
  const key = (device: string): string => `timings/${device}`;
  return {
    async get(device) {
      const value = await settings.get(key(device));
      if (typeof value !== 'object' || value === null || !('flops_per_second' in value)) return null;
      const { flops_per_second } = value;
      return typeof flops_per_second === 'number' ? { device, flops_per_second } : null;
    },
    put: (timings: Timings) => settings.set(key(timings.device), timings),
  };
}
