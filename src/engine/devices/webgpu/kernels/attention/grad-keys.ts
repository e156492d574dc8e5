import type { AttentionKernel } from '../../../../graph/lower/kernel-plan.ts';
import { f32 } from '../literal.ts';
import type { GradTensors } from './grad-tensors.ts';
import { loopText } from './loop.ts';
import { type AttentionShape, dotText, LEAST, loadRow, type Row, range, threadText } from './shape.ts';
import type { Turn } from './turn.ts';

/** `fn keys`: dk and dv of one key, over the query heads that use it and the queries that see it. */
export function keysText(
  attributes: AttentionKernel,
  shape: AttentionShape,
  tensors: GradTensors,
  dropout: ((element: string) => string) | null,
  turn: Turn,
): string {
  const { time, heads, key_heads, scale } = attributes;
  const { n, vector, width, out_width, type, padded, reach, block, tile } = shape;
  const { qkv, out, lse, dout, dqkv } = tensors;
  /** out . dout of row j + u, the sum over the quad where a row is spread over one. */
  const delta = (u: number, gradient: Row): string => {
    if (reach === 'tile')
      return `let delta${u} = tile_delta[jt + ${u}u]; let norm${u} = tile_lse[jt + ${u}u];`;
    const t = `min(j + ${u}u, ${time - 1}u)`;
    const norm = `let norm${u} = ${lse.load(`lse_at + ${t}`)};`;
    const row = loadRow(`o${u}_`, out, `out_at + ${t} * ${out_width}u`, shape);
    if (reach === 'direct') {
      return `${norm} ${row.lines.join(' ')} let delta${u} = ${dotText(n, vector, row.value, gradient.value)};`;
    }
    const own = range(n / 4).map((g) => `dot(o${u}_q${g}, y${u}_q${g})`);
    const parts = range(4).map((q) => `quadBroadcast(d${u}, ${q}u)`);
    return `${norm} ${row.lines.join(' ')} let d${u} = ${own.join(' + ')};
    let delta${u} = (${parts[0]} + ${parts[1]}) + (${parts[2]} + ${parts[3]});`;
  };
  const loop = loopText(shape, {
    rows: [
      { name: 'x', tensor: qkv, base: 'q_at', stride: width },
      { name: 'y', tensor: dout, base: 'out_at', stride: out_width },
    ],
    last: time - 1,
    begin: 'begin',
    end: `${time}u`,
    each: `if (lane < ${tile}u) {
      let row = min(start + lane, ${time - 1}u);
      let at = out_at + row * ${out_width}u;
      var sum = 0.0;
      for (var c = 0u; c < ${n}u; c++) { sum += ${dotText(
        1,
        vector,
        () => `tile_y[lane * ${n}u + c]`,
        () => out.load('at + c'),
      )}; }
      tile_delta[lane] = sum;
      tile_lse[lane] = ${lse.load('lse_at + row')};
    }
    workgroupBarrier();`,
    block: (row) =>
      range(block)
        .map((u) => {
          const [q, g] = [row('x', u), row('y', u)];
          const factor =
            dropout === null ? '' : `let m${u} = ${dropout(`(lse_at + j + ${u}u) * ${time}u + t`)};`;
          const kept = dropout === null ? '' : ` * m${u}`;
          return `
    ${[...q.lines, ...g.lines].join(' ')}
    ${delta(u, g)} ${factor}
    let seen${u} = j + ${u}u >= t && j + ${u}u < ${time}u;
    let p${u} = exp(select(${LEAST}, (${dotText(n, vector, (c) => `k${c}`, q.value)}) * ${f32(scale)} - norm${u}, seen${u}));
    let ds${u} = p${u} * ((${dotText(n, vector, (c) => `v${c}`, g.value)})${kept} - delta${u});
    let w${u} = p${u}${kept};`;
        })
        .join('') +
      range(n)
        .map(
          (c) => `
    dk${c} += ${range(block)
      .map((u) => `ds${u} * ${row('x', u).value(c)}`)
      .join(' + ')};
    dv${c} += ${range(block)
      .map((u) => `w${u} * ${row('y', u).value(c)}`)
      .join(' + ')};`,
        )
        .join(''),
  });
  const each = (line: (c: number) => string) => range(n).map(line).join('\n  ');
  const from = reach === 'tile' ? `first % ${padded}u` : reach === 'quads' ? `(i - quad) % ${padded}u` : 't';
  return `
@diagnostic(off, subgroup_uniformity)
fn keys(first : u32, lane : u32) {
  let i = first + lane;
  let quad = lane % 4u;
  ${threadText(attributes, shape, key_heads)}
  let k_at = (b * ${time}u + t) * ${width}u + (${heads}u + head) * ${n}u;
  let v_at = k_at + ${key_heads * n}u;
  ${each((c) => `let k${c} = ${qkv.load(`k_at + ${c}u`)};`)}
  ${each((c) => `let v${c} = ${qkv.load(`v_at + ${c}u`)};`)}
  ${range(n)
    .map((c) => `var dk${c} = ${type}(); var dv${c} = ${type}();`)
    .join(' ')}
  let begin = ${from};
  let last_head = ((head + 1u) * ${heads}u + ${key_heads - 1}u) / ${key_heads}u;
  for (var h = (head * ${heads}u + ${key_heads - 1}u) / ${key_heads}u; h < last_head; h++) {
  let q_at = b * ${time * width}u + h * ${n}u;
  let out_at = b * ${time * out_width}u + h * ${n}u;
  let lse_at = (b * ${heads}u + h) * ${time}u;
  ${loop}
  }
  if (!live) { return; }
  ${turn.lines('dk')}
  ${each((c) => dqkv.store(`k_at + ${c}u`, `${turn.value('dk', c)} * ${f32(scale)}`))}
  ${each((c) => dqkv.store(`v_at + ${c}u`, `dv${c}`))}
}`;
}
