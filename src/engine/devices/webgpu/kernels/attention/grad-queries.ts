import type { AttentionKernel } from '../../../../graph/lower/kernel-plan.ts';
import { f32 } from '../literal.ts';
import type { GradTensors } from './grad-tensors.ts';
import { loopText } from './loop.ts';
import { type AttentionShape, dotText, LEAST, lastText, range, threadText } from './shape.ts';
import type { Turn } from './turn.ts';

/** `fn queries`: dq of one query, over the keys that it sees. */
export function queriesText(
  attributes: AttentionKernel,
  shape: AttentionShape,
  { qkv, out, lse, dout, dqkv }: GradTensors,
  dropout: ((element: string) => string) | null,
  turn: Turn,
): string {
  const { time, heads, key_heads, scale } = attributes;
  const { n, vector, width, out_width, type, padded, block } = shape;
  const loop = loopText(shape, {
    rows: [
      { name: 'x', tensor: qkv, base: 'k_at', stride: width },
      { name: 'y', tensor: qkv, base: 'v_at', stride: width },
    ],
    last: time - 1,
    begin: '0u',
    end: 'end',
    block: (row) =>
      range(block)
        .map((u) => {
          const [k, v] = [row('x', u), row('y', u)];
          const kept = dropout === null ? '' : ` * ${dropout(`element + j + ${u}u`)}`;
          return `
    ${[...k.lines, ...v.lines].join(' ')}
    let p${u} = exp(select(${LEAST}, (${dotText(n, vector, (c) => `q${c}`, k.value)}) * ${f32(scale)} - norm, j + ${u}u <= t));
    let ds${u} = p${u} * ((${dotText(n, vector, (c) => `g${c}`, v.value)})${kept} - delta);`;
        })
        .join('') +
      range(n)
        .map(
          (c) =>
            `\n    dq${c} += ${range(block)
              .map((u) => `ds${u} * ${row('x', u).value(c)}`)
              .join(' + ')};`,
        )
        .join(''),
  });
  const each = (line: (c: number) => string) => range(n).map(line).join('\n  ');
  return `
@diagnostic(off, subgroup_uniformity)
fn queries(first : u32, lane : u32) {
  let i = first + lane;
  let quad = lane % 4u;
  ${threadText(attributes, shape, heads)}
  let key_head = head * ${key_heads}u / ${heads}u;
  let k_at = b * ${time * width}u + (${heads}u + key_head) * ${n}u;
  let v_at = k_at + ${key_heads * n}u;
  let q_at = (b * ${time}u + t) * ${width}u + head * ${n}u;
  let g_at = (b * ${time}u + t) * ${out_width}u + head * ${n}u;
  ${each((c) => `let q${c} = ${qkv.load(`q_at + ${c}u`)};`)}
  ${each((c) => `let g${c} = ${dout.load(`g_at + ${c}u`)};`)}
  let delta = ${dotText(
    n,
    vector,
    (c) => `g${c}`,
    (c) => out.load(`g_at + ${c}u`),
  )};
  let at = (b * ${heads}u + head) * ${time}u + t;
  let element = at * ${time}u;
  let norm = ${lse.load('at')};
  ${range(n)
    .map((c) => `var dq${c} = ${type}();`)
    .join(' ')}
  let end = ${lastText(shape, time, padded)};
  ${loop}
  if (!live) { return; }
  ${turn.lines('dq')}
  ${each((c) => dqkv.store(`q_at + ${c}u`, `${turn.value('dq', c)} * ${f32(scale)}`))}
}`;
}
