import { UsageError } from '../../cli/arguments.ts';
import { DEVICE_NAMES } from '../../src/engine/device.ts';
import type { Entrant, Where } from './calls.ts';

/** What `--against` may name, and where each can run. */
const PEERS: Readonly<Record<string, Pick<Entrant, 'engine' | 'device'>>> = {
  pytorch: { engine: 'pytorch', device: 'cpu' },
  'jax-wasm': { engine: 'jax', device: 'wasm' },
  'jax-webgpu': { engine: 'jax', device: 'webgpu' },
  'tfjs-wasm': { engine: 'tfjs', device: 'wasm' },
  'tfjs-webgpu': { engine: 'tfjs', device: 'webgpu' },
  'nanogpt-webgpu': { engine: 'nanogpt', device: 'webgpu' },
};

/** `--device`, one or more of ours. Throws UsageError. */
export function ourEntrants(names: string, where: Exclude<Where, 'native'>): readonly Entrant[] {
  return names.split(',').map((device) => {
    const known = DEVICE_NAMES.find((name) => name === device);
    if (known === undefined) {
      throw new UsageError(`There is no device "${device}"; there are ${DEVICE_NAMES.join(', ')}.`);
    }
    return { engine: 'anneal', device: known, where };
  });
}

/** `--against`. Throws UsageError. */
export function peerEntrants(names: string | undefined, where: Exclude<Where, 'native'>): readonly Entrant[] {
  if (names === undefined || names === '') return [];
  return names.split(',').map((name) => {
    const peer = Object.hasOwn(PEERS, name) ? PEERS[name] : undefined;
    if (peer === undefined) {
      throw new UsageError(`There is no peer "${name}"; there are ${Object.keys(PEERS).join(', ')}.`);
    }
    return { ...peer, where: peer.engine === 'pytorch' ? 'native' : where };
  });
}

/** Such as `anneal wasm in chromium`. */
export function titleOf({ engine, device, where, dtype }: Entrant): string {
  return engine === 'pytorch'
    ? 'pytorch'
    : `${[engine, device, dtype].filter(Boolean).join(' ')} in ${where}`;
}
