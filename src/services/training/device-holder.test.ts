import { expect, test } from 'vitest';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { holdDevices } from './device-holder.ts';

function world() {
  let [opened, disposed] = [0, 0];
  const devices = holdDevices({
    async open(choice) {
      opened++;
      const device = createReferenceDevice();
      return {
        opened: { ...device, dispose: () => disposed++ },
        device: device.info,
        reason: choice === 'auto' ? 'the fastest' : 'chosen',
        tried: choice === 'auto' ? [{ name: 'tfjs-cpu', outcome: 'was slower' }] : [],
      };
    },
  });
  return { devices, opened: () => opened, left: () => opened - disposed };
}

test('a device that auto took and one that is chosen by name are one, each with its own reason', async () => {
  const { devices, opened } = world();
  const automatic = await devices.open('auto');
  expect(automatic).toMatchObject({ reason: 'the fastest', tried: [{ name: 'tfjs-cpu' }] });
  const named = await devices.open('reference');
  expect(named.reason).toBe('reference was chosen by name.');
  expect(named.opened).toBe(automatic.opened);
  expect(await devices.open('auto')).toMatchObject({ reason: 'the fastest' });
  expect(opened()).toBe(1);
});

test('also where the name came first: auto says what it found', async () => {
  const { devices, left } = world();
  const named = await devices.open('reference');
  const automatic = await devices.open('auto');
  expect(automatic).toMatchObject({ reason: 'the fastest', tried: [{ name: 'tfjs-cpu' }] });
  expect(automatic.opened).toBe(named.opened);
  expect(left()).toBe(1);
  expect((await devices.open('auto')).reason).toBe('the fastest');
});

test('a device that is dropped is opened anew', async () => {
  const { devices, opened, left } = world();
  await devices.open('auto');
  devices.drop('reference');
  expect(left()).toBe(0);
  await devices.open('auto');
  expect(opened()).toBe(2);
  devices.dispose();
  expect(left()).toBe(0);
});
