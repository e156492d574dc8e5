import { deviceErrors } from '../../../errors.ts';
import type { AttentionKernel, TensorId } from '../../../graph/lower/kernel-plan.ts';
import { type Encode, f32 } from '../command.ts';
import { rotate } from './rotary.ts';

/** Heads that are units of their own: below, the queries of a head are dealt to several. */
const FEWEST_UNITS = 16;
/** Queries for which keys and values are packed; fewer read them as they are. */
const FEWEST_PACKED = 8;
/** The most queries of a block in assembly/attention-grad.ts. */
const MOST_BLOCK = 96;

export const encodeAttention: Encode<'attention'> = (call, context) => {
  const { attributes } = call;
  const { batch, time, heads, head_size: size } = attributes;
  const [qkv, seed] = call.inputs;
  const [out, lse] = call.outputs;
  const parts = Math.max(1, Math.min(Math.ceil(FEWEST_UNITS / (batch * heads)), Math.ceil(time / 16)));
  context.threadScratch(panelBytes(time, size));
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
  const { batch, time, heads, key_heads, head_size: size, rate, turned } = attributes;
  const [qkv, out, lse, dout] = call.inputs;
  const seed = rate > 0 ? call.inputs[4] : undefined;
  const [dqkv] = call.outputs;
  const sixes = Math.ceil(size / 6) * 6;
  const eights = Math.ceil(time / 8) * 8;
  const keys = 2 * eights * size + Math.ceil(size / 8) * 8 * time + 2 * eights * sixes;
  const block = Math.min(MOST_BLOCK, Math.ceil(time / 6) * 6);
  const queries = block * (2 * size + 2 * sixes + eights + 17) + 48;
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
        block,
      ],
      units: batch * key_heads,
    },
    ...(turned === null
      ? []
      : rotate(
          {
            x: dqkv as TensorId,
            positions: call.inputs.at(-1) as TensorId,
            result: dqkv as TensorId,
            ...{ rows: batch * time, time, width: (heads + 2 * key_heads) * size },
            ...{ heads: heads + key_heads, head_size: size, theta: turned.theta, inverse: true },
          },
          context,
        )),
  ];
};

export const encodeCachedAttention: Encode<'cached_attention'> = (call, context) => {
  const { batch, time, heads, head_size, capacity } = call.attributes;
  const [qkv, k, v, position] = call.inputs;
  const [out] = call.outputs;
  const packed = time >= FEWEST_PACKED ? panelBytes(capacity, head_size) : 0;
  context.threadScratch(Math.max(packed, (capacity + 4) * 4));
  return [
    {
      kernel: 'cached_attention',
      args: [
        ...words(
          { ...call.attributes, rate: 0, stream: 0 },
          context.address(qkv),
          context.address(out),
          0,
          1,
          0,
        ),
        ...[context.address(k), context.address(v), context.address(position), capacity, FEWEST_PACKED],
      ],
      units: batch * heads,
    },
  ];
};

/** What assembly/attention.ts needs for so many keys. */
function panelBytes(keys: number, size: number): number {
  const sixes = (count: number) => Math.ceil(count / 6) * 6;
  return 4 * (sixes(keys) * size + sixes(size) * keys + size * 8 + (keys + 8) * 8 + sixes(size) * 8);
}

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
