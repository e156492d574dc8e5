import type { BoundTensor, Kernel } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, type Wanted, write } from '../wanted.ts';
import { loopText, tileModule } from './attention/loop.ts';
import {
  attentionShape,
  dotText,
  dropoutText,
  GROUP,
  LEAST,
  lastText,
  range,
  threadText,
} from './attention/shape.ts';
import { f32 } from './literal.ts';

/**
 * A thread for each query of each head, which goes through the keys up to its own: largest score and sum
 * of exponentials are kept up to date, and what was added before shrinks as the largest score grows
 * (FlashAttention-2, Dao, 2023). Scores are never stored.
 */
export const attention: Kernel<'attention'> = (call, context) => {
  const { attributes } = call;
  const { batch, time, heads, key_heads, scale, rate } = attributes;
  const shape = attentionShape(attributes, context.adapter);
  const { n, vector, width, type, padded, block } = shape;
  const [out = null, lse = null] = call.outputs;
  const wanted: Record<string, Wanted> = { qkv: read(call.inputs[0] as number, vector) };
  if (rate > 0) wanted.seed = read(call.inputs[1] as number, 1, 'u32');
  if (out !== null) wanted.out = write(out, vector);
  if (lse !== null) wanted.lse = write(lse);
  const { tensors, dispatch } = context.bind('attention', wanted);
  const qkv = tensors.qkv as BoundTensor;
  const dropout = dropoutText(attributes, tensors.seed);

  const keys = range(block);
  const loop = loopText(shape, {
    rows: [
      { name: 'k', tensor: qkv, base: 'k_at', stride: width },
      { name: 'v', tensor: qkv, base: 'v_at', stride: width },
    ],
    last: time - 1,
    begin: '0u',
    end: 'end',
    block: (row) => `
    ${keys
      .map((u) => {
        const k = row('k', u);
        return `${k.lines.join(' ')}
    let s${u} = select(${LEAST}, ${dotText(n, vector, (c) => `q${c}`, k.value)}, j + ${u}u <= t);`;
      })
      .join('\n    ')}
    let highest = ${keys.reduce((most, u) => `max(${most}, s${u})`, 'top')};
    let shrink = exp(top - highest);
    top = highest;
    ${keys.map((u) => `let e${u} = exp(s${u} - top);`).join(' ')}
    sum = sum * shrink + (${keys.map((u) => `e${u}`).join(' + ')});
    ${keys.map((u) => `let w${u} = e${u}${dropout.factor === null ? '' : ` * ${dropout.factor(`element + j + ${u}u`)}`};`).join(' ')}
    ${keys.map((u) => row('v', u).lines.join(' ')).join('\n    ')}
    ${range(n)
      .map(
        (c) =>
          `acc${c} = acc${c} * shrink + ${keys.map((u) => `w${u} * ${row('v', u).value(c)}`).join(' + ')};`,
      )
      .join('\n    ')}`,
  });
  const { workgroups, index } = grid(context.adapter, Math.ceil((batch * heads * padded) / GROUP));
  const results = [
    out === null
      ? ''
      : range(n)
          .map((c) => tensors.out?.store(`to + ${c}u`, `acc${c} * inverse`))
          .join('\n  '),
    lse === null ? '' : (tensors.lse?.store(`(b * ${heads}u + head) * ${time}u + t`, 'top + log(sum)') ?? ''),
  ];
  const body = `${dropout.module}
${tileModule(shape, ['k', 'v'])}
@compute @workgroup_size(${GROUP}) @diagnostic(off, subgroup_uniformity)
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let first = ${index} * ${GROUP}u;
  let i = first + lane;
  let quad = lane % 4u;
  ${threadText(attributes, shape, heads)}
  let key_head = head * ${key_heads}u / ${heads}u;
  let k_at = b * ${time * width}u + (${heads}u + key_head) * ${n}u;
  let v_at = k_at + ${key_heads * n}u;
  let q_at = (b * ${time}u + t) * ${width}u + head * ${n}u;
  ${range(n)
    .map((c) => `let q${c} = ${qkv.load(`q_at + ${c}u`)} * ${f32(scale)};`)
    .join('\n  ')}
  ${range(n)
    .map((c) => `var acc${c} = ${type}();`)
    .join(' ')}
  let element = ((b * ${heads}u + head) * ${time}u + t) * ${time}u;
  var top = ${LEAST};
  var sum = 0.0;
  let end = ${lastText(shape, time, padded)};
  ${loop}
  if (!live) { return; }
  let inverse = 1.0 / sum;
  let to = (b * ${time}u + t) * ${heads * n}u + head * ${n}u;
  ${results.join('\n  ')}
}`;
  return [dispatch(body, workgroups, shape.reach === 'quads' ? ['subgroups'] : [])];
};
