import { expect, test } from 'vitest';
import type { Device, DeviceName } from '../device.ts';
import { deviceErrors } from '../errors.ts';
import { DeviceChooser, type DeviceFactory, fallbackAfter, type ProbeOptions } from './probe.ts';
import { createReferenceDevice } from './reference/device.ts';

/** A clock that only devices move: a run takes as long as its device says. */
function setting(factories: readonly DeviceFactory[], time: { now: number }) {
  const timers: (() => void)[] = [];
  const options: ProbeOptions = {
    factories,
    clock: { now: () => time.now, elapsed: () => time.now },
    timer: (_ms, fire) => {
      timers.push(fire);
      return () => timers.splice(timers.indexOf(fire), 1);
    },
  };
  return { chooser: new DeviceChooser(options), timers };
}

/** The reference device under another name, which takes `ms` a run, or each as long, and may get its losses wrong. */
function pretend(
  name: DeviceName,
  ms: number | ((run: number) => number),
  time: { now: number },
  opened: string[] = [],
  wrong = 0,
): DeviceFactory {
  return {
    name,
    open: async () => {
      opened.push(`open ${name}`);
      const reference = createReferenceDevice();
      let runs = 0;
      const device: Device = {
        ...reference,
        info: { ...reference.info, name },
        open: async (state) => {
          const session = await reference.open(state);
          return {
            write: (...values) => session.write(...values),
            read: (state) => session.read(state),
            memoryBytes: () => session.memoryBytes(),
            dispose: () => session.dispose(),
            compile: async (program) => {
              const executable = await session.compile(program);
              return {
                dispose: () => executable.dispose(),
                run: async (feeds) => {
                  time.now += typeof ms === 'number' ? ms : ms(runs++);
                  const { loss } = await executable.run(feeds);
                  return { loss: (loss ?? new Float32Array(1)).map((value) => value + wrong) };
                },
              };
            },
          };
        },
        dispose: () => opened.push(`dispose ${name}`),
      };
      return device;
    },
  };
}

const missing: DeviceFactory = {
  name: 'tfjs-webgpu',
  open: () => Promise.reject(deviceErrors.unavailable({ message: 'There is no WebGPU adapter here' })),
};

test('auto takes the fastest that agrees with reference, and says what became of the others', async () => {
  const time = { now: 0 };
  const opened: string[] = [];
  const { chooser } = setting(
    [
      missing,
      pretend('tfjs-webgl', 9, time, opened),
      pretend('tfjs-wasm', 4, time, opened),
      pretend('wasm', 1, time, opened, Number.NaN),
      { ...pretend('tfjs-cpu', 50, time, opened), lastResort: true },
    ],
    time,
  );
  const chosen = await chooser.open('auto');
  expect(chosen.device.name).toBe('tfjs-wasm');
  expect(chosen.reason).toBe(
    'tfjs-wasm is the fastest that works here (4.0 ms for the probe step); tfjs-webgl took 9.0 ms.',
  );
  expect(chosen.tried.map(({ name, ok, ms }) => [name, ok, ms])).toEqual([
    ['tfjs-wasm', true, 4],
    ['tfjs-webgl', true, 9],
    ['tfjs-webgpu', false, null],
    ['wasm', false, null],
    ['tfjs-cpu', false, null],
  ]);
  expect(chosen.tried[2]?.outcome).toBe('does not work here: There is no WebGPU adapter here');
  expect(chosen.tried[3]?.outcome).toMatch(/something else than reference \(relative error NaN\)/);
  expect(opened).toEqual([
    'open tfjs-webgl',
    'open tfjs-wasm',
    'dispose tfjs-webgl',
    'open wasm',
    'dispose wasm',
  ]);
});

test('a device that others held up for a while is judged by what it does after that', async () => {
  const time = { now: 0 };
  const heldUp = pretend('wasm', (run) => (run < 7 ? 25 : 3), time);
  const { chooser } = setting([heldUp, pretend('tfjs-wasm', 15, time)], time);
  const { device, tried } = await chooser.open('auto');
  expect(device.name).toBe('wasm');
  expect(tried.map(({ ms }) => ms)).toEqual([3, 15]);
});

test('a device that is slightly wrong is not taken, however fast', async () => {
  const time = { now: 0 };
  const { chooser } = setting([pretend('wasm', 1, time, [], 0.02), pretend('tfjs-wasm', 9, time)], time);
  expect((await chooser.open('auto')).device.name).toBe('tfjs-wasm');
});

test('a device that never answers is given up, and thrown away when it comes late', async () => {
  const time = { now: 0 };
  const opened: string[] = [];
  const { promise: hold, resolve: release } = Promise.withResolvers<void>();
  const late = pretend('tfjs-wasm', 1, time, opened);
  const hanging: DeviceFactory = { name: 'tfjs-wasm', open: () => hold.then(late.open) };
  const { chooser, timers } = setting([hanging, pretend('tfjs-webgl', 9, time)], time);
  const choosing = chooser.open('auto');
  await expect.poll(() => timers.length).toBe(1);
  timers[0]?.();
  const chosen = await choosing;
  expect(chosen.device.name).toBe('tfjs-webgl');
  expect(chosen.tried[1]?.outcome).toBe('does not work here: tfjs-wasm did not answer within 10 s');
  release();
  await expect.poll(() => opened).toEqual(['open tfjs-wasm', 'dispose tfjs-wasm']);
});

test('after a loss the next best comes without another probe', async () => {
  const time = { now: 0 };
  const { chooser } = setting([pretend('tfjs-webgl', 3, time), pretend('tfjs-wasm', 4, time)], time);
  const first = await chooser.open('auto');
  expect(first.device.name).toBe('tfjs-webgl');
  expect(fallbackAfter('tfjs-webgl', first.tried)).toBe('tfjs-wasm');
  const before = time.now;
  const second = await chooser.open('auto', new Set<DeviceName>(['tfjs-webgl']));
  expect(second.device.name).toBe('tfjs-wasm');
  expect(second.reason).toMatch(/only device that works here after tfjs-webgl failed/);
  expect(time.now).toBe(before);
  const nobody = new Set<DeviceName>(['tfjs-webgl', 'tfjs-wasm']);
  await expect(chooser.open('auto', nobody)).rejects.toMatchObject({ code: deviceErrors.unavailable.code });
  expect(fallbackAfter('tfjs-wasm', [])).toBe(null);
});

test('a name is honoured without a probe, or refused with the reason', async () => {
  const time = { now: 0 };
  const { chooser } = setting([missing, pretend('tfjs-webgl', 3, time)], time);
  expect((await chooser.open('tfjs-webgl')).reason).toBe('tfjs-webgl was chosen by name.');
  expect(time.now).toBe(0);
  const code = deviceErrors.unavailable.code;
  await expect(chooser.open('tfjs-webgpu')).rejects.toMatchObject({ code, where: 'tfjs-webgpu' });
  await expect(chooser.open('tfjs-webgpu')).rejects.toThrow(/There is no WebGPU adapter here/);
  await expect(chooser.open('webgpu')).rejects.toThrow('The device webgpu does not exist here');
});
