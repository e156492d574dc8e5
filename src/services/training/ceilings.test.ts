import { expect, test } from 'vitest';
import type { Device } from '../../engine/device.ts';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { createMemorySettings } from '../../storage/memory/settings.ts';
import { ceilingsOf, doubtCeilings } from './ceilings.ts';

test('a device is measured once and what came out is kept; what is no speed is not believed', async () => {
  const settings = createMemorySettings();
  let measured = 0;
  const best = { flops_per_second: 3e10, bytes_per_second: 1e10 };
  const device: Device = {
    ...createReferenceDevice(),
    ceilings: async () => {
      measured++;
      return best;
    },
  };
  expect(await ceilingsOf(settings, device)).toEqual(best);
  expect(await ceilingsOf(settings, device)).toEqual(best);
  expect(measured).toBe(1);
  const other = { ...device, info: { ...device.info, description: 'another machine' } };
  expect(await ceilingsOf(settings, other)).toEqual(best);
  expect(measured).toBe(2);
  await settings.set(`ceilings/${device.info.name}/${device.info.description}`, { flops_per_second: -1 });
  expect(await ceilingsOf(settings, device)).toEqual(best);
  expect(measured).toBe(3);
});

test('a device that cannot be measured has none', async () => {
  expect(await ceilingsOf(createMemorySettings(), createReferenceDevice())).toBeNull();
});

test('what a kernel surpasses by far is measured anew, and may come out lower than the kernel', async () => {
  const settings = createMemorySettings();
  const answers = [3e10, 5e10, 4e10];
  const device: Device = {
    ...createReferenceDevice(),
    ceilings: async () => ({ flops_per_second: answers.shift() ?? 0, bytes_per_second: 1e10 }),
  };
  const first = await ceilingsOf(settings, device);
  if (first === null) throw new Error('it can be measured');
  await doubtCeilings(settings, device.info, { ...first, flops_per_second: 3.2e10 });
  expect(await ceilingsOf(settings, device)).toEqual(first);
  await doubtCeilings(settings, device.info, { ...first, flops_per_second: 9e11 });
  expect(await ceilingsOf(settings, device)).toEqual({ ...first, flops_per_second: 5e10 });
  await doubtCeilings(settings, device.info, { ...first, flops_per_second: 7e10 });
  expect(await ceilingsOf(settings, device)).toEqual({ ...first, flops_per_second: 4e10 });
  const broken = { ...settings, set: () => Promise.reject(new Error('no room')) };
  await doubtCeilings(broken, device.info, { ...first, flops_per_second: 9e11 });
  expect(await ceilingsOf(settings, device)).toEqual({ ...first, flops_per_second: 4e10 });
});
