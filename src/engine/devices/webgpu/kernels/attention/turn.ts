import type { AttentionGradKernel } from '../../../../graph/lower/kernel-plan.ts';
import type { BoundTensor } from '../../dispatch.ts';
import { f32 } from '../literal.ts';
import { rotaryFrequencies, SIN_COS } from '../trigonometry.ts';
import { type AttentionShape, range } from './shape.ts';

/** How a head's row of a gradient is rotated back before it is stored, where it has to be. */
export interface Turn {
  /** What `lines` needs. */
  readonly module: string;
  /** Statements after which `value` has the row that vectors `name`0, `name`1, ... are, for time t. */
  lines(name: string): string;
  value(name: string, c: number): string;
}

/** `positions`: null where nothing is rotated. */
export function turnText(
  { turned, head_size }: AttentionGradKernel,
  { n, vector, type }: AttentionShape,
  positions: BoundTensor | null,
): Turn {
  if (turned === null || positions === null) {
    return { module: '', lines: () => '', value: (name, c) => `${name}${c}` };
  }
  const frequencies = new Float32Array(rotaryFrequencies(head_size, turned.theta).buffer);
  const half = n / 2;
  const lanes = vector === 4 ? ['x', 'y', 'z', 'w'] : [''];
  const of = (angle: string, lane: string) => (lane === '' ? angle : `${angle}.${lane}`);
  const parts = (from: string) => lanes.map((_, i) => `part${i}.${from}`).join(', ');
  return {
    module: `${SIN_COS}
struct Turned { sine : ${type}, cosine : ${type} }
fn turned_by(angle : ${type}) -> Turned {
  ${lanes.map((lane, i) => `let part${i} = sin_cos(${of('angle', lane)});`).join(' ')}
  return Turned(${type}(${parts('x')}), ${type}(${parts('y')}));
}`,
    lines: (name) =>
      [
        `let position = f32(${positions.load('t')});`,
        ...range(half).flatMap((c) => {
          const own = [...frequencies.slice(c * vector, (c + 1) * vector)].map((one) => f32(one)).join(', ');
          const [a, b] = [`${name}${c}`, `${name}${c + half}`];
          return [
            `let by${c} = turned_by(position * ${type}(${own}));`,
            `let ${name}_turned${c} = ${a} * by${c}.cosine + ${b} * by${c}.sine;`,
            `let ${name}_turned${c + half} = ${b} * by${c}.cosine - ${a} * by${c}.sine;`,
          ];
        }),
      ].join('\n  '),
    value: (name, c) => `${name}_turned${c}`,
  };
}
