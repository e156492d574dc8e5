import { expect, test } from 'vitest';
import { runErrors } from '../../domain/runs/errors.ts';
import type { RunEvent } from '../../domain/runs/events.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { trainingErrors } from '../../engine/training/errors.ts';
import { aboutDevice } from './about-device.ts';

const device = (name: 'wasm' | 'webgpu') => ({
  name,
  description: '',
  limits: { max_buffer_bytes: null, memory_bytes: null },
});
const started = (name: 'wasm' | 'webgpu'): RunEvent => ({
  type: 'started',
  step: 0,
  device: device(name),
  reason: '',
  tried: [],
});
const wide: RunEvent = { type: 'noticed', step: 0, facts: trainingErrors.storedWide().toJSON() };
const fellBack: RunEvent = { type: 'noticed', step: 0, facts: runErrors.fellBack().toJSON() };
const changed: RunEvent = {
  type: 'device_changed',
  step: 20,
  device: device('webgpu'),
  because: deviceErrors.lost().toJSON(),
  tried: [],
};

test('a run on the device that was meant, that does all that was asked for, has nothing to say', () => {
  expect(aboutDevice([started('wasm'), { type: 'paused', step: 3 }])).toEqual([]);
});

test('what took the place of another device says so, and what it cannot do', () => {
  expect(aboutDevice([fellBack, started('wasm'), wide])).toEqual([fellBack, wide]);
});

test('what one device could not do is not said of the next', () => {
  expect(aboutDevice([started('wasm'), wide, changed])).toEqual([changed]);
  expect(aboutDevice([started('wasm'), wide, { type: 'paused', step: 3 }])).toEqual([wide]);
});
