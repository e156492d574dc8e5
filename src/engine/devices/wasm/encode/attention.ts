import { deviceErrors } from '../../../errors.ts';
import type { AttentionKernel } from '../../../graph/lower/kernel-plan.ts';
import { type Encode, f32 } from '../command.ts';

/** Heads that are units of their own: below, the queries of a head are dealt to several. */
const FEWEST_UNITS = 16;
/** Queries of a block in assembly/attention-grad.ts. */
const BLOCK = 96;

export const encodeAttention: Encode<'attention'> = (call, context) => {
  const { attributes } = call;
  const { batch, time, heads, head_size: size } = attributes;
  const [qkv, seed] = call.inputs;
  const [out, lse] = call.outputs;
  const parts = Math.max(1, Math.min(Math.ceil(FEWEST_UNITS / (batch * heads)), Math.ceil(time / 16)));
  const sixes = (count: number) => Math.ceil(count / 6) * 6;
  const floats = sixes(time) * size + sixes(size) * time + size * 8 + (time + 8) * 8 + sixes(size) * 8;
  context.threadScratch(floats * 4);
  return [
    {
      kernel: 'attention',
      args: words(
        attributes,
        context.address(qkv),
        context.address(out),
        context.address(lse),
        parts,
        context.address(seed),
      ),
      units: batch * heads * parts,
    },
  ];
};

export const encodeAttentionGrad: Encode<'attention_grad'> = (call, context) => {
  const { attributes } = call;
  const { batch, time, key_heads, head_size: size } = attributes;
  const [qkv, out, lse, dout, seed] = call.inputs;
  const [dqkv] = call.outputs;
  const sixes = Math.ceil(size / 6) * 6;
  const eights = Math.ceil(time / 8) * 8;
  const keys = 2 * eights * size + Math.ceil(size / 8) * 8 * time + 2 * eights * sixes;
  const queries = BLOCK * (2 * size + 2 * sixes + eights + 17) + 48;
  context.threadScratch((keys + queries) * 4);
  return [
    {
      kernel: 'attention_grad',
      args: [
        ...words(
          attributes,
          context.address(qkv),
          context.address(dqkv),
          context.address(lse),
          1,
          context.address(seed),
        ),
        context.address(out),
        context.address(dout),
      ],
      units: batch * key_heads,
    },
  ];
};

function words(
  attributes: AttentionKernel,
  qkv: number,
  out: number,
  lse: number,
  parts: number,
  seed: number,
): readonly number[] {
  const { time, heads, key_heads, head_size, scale, rate, stream } = attributes;
  if (!(scale > 0)) throw deviceErrors.failed({ message: `Attention with a scale of ${scale}` });
  const threshold = Math.ceil(rate * 2 ** 32) | 0;
  return [
    ...[qkv, out, lse, time, heads, key_heads, head_size, f32(scale), parts],
    ...[rate > 0 ? seed : 0, stream | 0, threshold, f32(1 / (1 - rate))],
  ];
}
