import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../../errors.ts';
import { DeviceChooser, type DeviceFactory } from '../probe.ts';
import { createReferenceDevice } from '../reference/device.ts';
import { openGpu } from '../webgpu/adapter.ts';
import { openWebgpu } from '../webgpu/device.ts';
import { watch } from '../webgpu/testing/watched-gpu.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();

// What a user sees of an adapter that computes wrongly, from the adapter to the words of the chooser.
describe.skipIf(gpu === null)('an adapter that fails the gate', () => {
  test('is refused by name with what is wrong with it and what to do', async () => {
    const chosen = chooser([broken(), reference]).open('webgpu');
    await expect(chosen).rejects.toMatchObject({
      code: deviceErrors.unavailable.code,
      where: 'webgpu',
      message:
        /^webgpu is not available here: The GPU .+ does not compute what it should \(word 0 is \d+ instead of \d+\), so it is not used$/,
      fix: 'Choose `device: auto`, or another device from the list.',
    });
  });

  test('is passed over by auto, which says so', async () => {
    const { opened, device, reason, tried } = await chooser([broken(), reference]).open('auto');
    opened.dispose();
    expect(device.name).toBe('reference');
    expect(reason).toMatch(/^reference is the only device that works here/);
    expect(tried.find(({ name }) => name === 'webgpu')).toMatchObject({
      ok: false,
      outcome: expect.stringMatching(/^does not work here: The GPU .+ does not compute what it should/),
    });
  });
});

/** A GPU that loses a little of each number it converts. */
function broken(): DeviceFactory {
  return {
    name: 'webgpu',
    open: async () => {
      const { device } = await openGpu(gpu ?? undefined);
      const watched = watch(device);
      watched.faults.shader = (code) => code.replaceAll('31.5', '31.25');
      return openWebgpu(watched.device).finally(() => device.destroy());
    },
  };
}

const reference: DeviceFactory = {
  name: 'reference',
  lastResort: true,
  open: async () => createReferenceDevice(),
};

function chooser(factories: readonly DeviceFactory[]): DeviceChooser {
  return new DeviceChooser({
    factories,
    clock: { now: () => Date.now(), elapsed: () => performance.now() },
    timer: () => () => {}, // never: a slow machine must not be what an adapter is refused for
  });
}
