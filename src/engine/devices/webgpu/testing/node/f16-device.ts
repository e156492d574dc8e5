import { nodeGpu } from '../../../node/dawn.ts';
import { openGpu } from '../../adapter.ts';
import { openWebgpu, type WebgpuDevice } from '../../device.ts';
import { watch } from '../watched-gpu.ts';

/**
 * A device that computes with f16, taken for a real GPU. Where the adapter has no shader-f16, as SwiftShader,
 * f16 is put into f32: values are rounded where they become halves, so that all but the names of types is
 * compiled and run. `break` changes the text further. Null where Node has no adapter.
 */
export async function f16Device(
  broken: (code: string) => string = (code) => code,
): Promise<WebgpuDevice | null> {
  const gpu = await nodeGpu();
  if ((await gpu?.requestAdapter()) == null) return null;
  const { device } = await openGpu(gpu ?? undefined);
  const watched = watch(device);
  const native = device.features.has('shader-f16');
  watched.faults.shader = (code) => (native ? broken(code) : withoutF16(broken(code)));
  return openWebgpu(watched.device, { facts: { software: false, f16: true } });
}

/** Under a name of its own, as joined kernels rename what they declare. */
const AS_F32 = `
fn bits_of_halves(words : vec2<u32>) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}`;

function withoutF16(code: string): string {
  if (!code.includes('enable f16;')) return code;
  return (code + AS_F32)
    .replace('enable f16;', '')
    .replaceAll('bitcast<vec4<f16>>(', 'bits_of_halves(')
    .replace(/\bf16\(/g, 'quantizeToF16(')
    .replace(/\bf16\b/g, 'f32');
}
