import type { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { reshape, slice, transpose } from './emit.ts';
import type { Node, OpAttributes } from './ir.ts';

type Rotary = OpAttributes['rotary_heads'];

/** Rotates the leading heads. Of rows that were joined side by side each part is rotated on its own. */
export function expandRotaryHeads(g: GraphBuilder, a: Rotary, inputs: readonly Node[]): Node {
  const [qkv, positions] = inputs as [Node, Node];
  const turned = a.heads * a.head_size;
  const parts: Node[] = [];
  let first = 0;
  for (const part of partsOf(g, a, qkv)) {
    parts.push(first < turned ? rotated(g, a, part, positions) : part);
    first += part.shape[1] ?? 0;
  }
  return parts.length === 1 ? (parts[0] as Node) : g.node('concat', parts, { axis: 1 });
}

/** The parts that the rows were joined of, if the last head that is turned ends one; else two slices. */
function partsOf(g: GraphBuilder, { heads, head_size }: Rotary, qkv: Node): readonly Node[] {
  const turned = heads * head_size;
  const [rows = 0, width = 0] = qkv.shape;
  if (qkv.op === 'concat' && qkv.attributes.axis === 1) {
    const parts = qkv.inputs.map((id) => g.nodes[id] as Node);
    let end = 0;
    const ends = parts.map((part) => {
      end += part.shape[1] ?? 0;
      return end;
    });
    if (ends.includes(turned) && ends.every((at) => at > turned || at % head_size === 0)) return parts;
  }
  if (turned === width) return [qkv];
  return [
    slice(g, qkv, [0, 0], [fixed(rows), fixed(turned)]),
    slice(g, qkv, [0, turned], [fixed(rows), fixed(width - turned)]),
  ];
}

function rotated(
  g: GraphBuilder,
  { head_size, theta, inverse, time }: Rotary,
  x: Node,
  positions: Node,
): Node {
  const [rows = 0, width = 0] = x.shape;
  const dims = [fixed(rows / time), fixed(time), fixed(width / head_size), fixed(head_size)];
  const perHead = transpose(g, reshape(g, x, dims), [0, 2, 1, 3]);
  const turned = g.node('rotary', [perHead, positions], { theta, inverse });
  return reshape(g, transpose(g, turned, [0, 2, 1, 3]), [fixed(rows), fixed(width)]);
}
