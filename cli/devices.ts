import { z } from 'zod';
import type { Settings } from '../src/domain/runs/ports.ts';
import { DEVICE_NAMES } from '../src/engine/device.ts';
import { nodeDeviceFactories } from '../src/engine/devices/node/factories.ts';
import { DeviceChooser } from '../src/engine/devices/probe.ts';
import { keptTilings } from '../src/engine/devices/webgpu/tilings.ts';
import { VERSION } from '../src/protocol/version.ts';
import type { DeviceSource } from '../src/services/training/devices.ts';
import { ensureKernels } from './setup/kernels.ts';

const rememberedSchema = z.object({
  name: z.enum(DEVICE_NAMES),
  /** A probe tells of one program on one Node. */
  version: z.literal(`${VERSION} ${process.version}`),
  at: z.number(),
});
const A_WEEK = 7 * 24 * 3600 * 1000;

/**
 * The devices of this machine. What `auto` chose is remembered for a week, as a probe takes seconds and the
 * answer rarely changes; when the remembered one no longer opens, it is probed anew.
 */
export function nodeDevices(settings: Settings): DeviceSource {
  ensureKernels();
  const chooser = new DeviceChooser({
    factories: nodeDeviceFactories({ tilings: keptTilings(settings) }),
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
    timer(ms, fire) {
      const id = setTimeout(fire, ms);
      return () => clearTimeout(id);
    },
  });
  return {
    async open(choice, except = new Set()) {
      if (choice !== 'auto' || except.size > 0) return await chooser.open(choice, except);
      const known = rememberedSchema.safeParse(await settings.get(KEY));
      if (known.success && Date.now() - known.data.at < A_WEEK) {
        const { name, at } = known.data;
        try {
          const day = new Date(at).toISOString().slice(0, 10);
          return { ...(await chooser.open(name)), reason: `${name} was the fastest when probed on ${day}.` };
        } catch {
          // Gone since then.
        }
      }
      const chosen = await chooser.open('auto');
      await settings.set(KEY, {
        name: chosen.device.name,
        version: `${VERSION} ${process.version}`,
        at: Date.now(),
      });
      return chosen;
    },
  };
}

const KEY = 'device/auto';
