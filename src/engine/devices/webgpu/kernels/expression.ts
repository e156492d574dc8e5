import type { Expression, ExpressionStep } from '../../../graph/lower/expression.ts';
import { f32, NOT_FINITE } from './literal.ts';
import { dropoutThreshold, HASH, mathText } from './math.ts';

/** Turns the steps of an expression into WGSL; see graph/lower/expression.ts for what they mean. */

export interface ExpressionText {
  /** `alias T` and functions, for the module's scope. At most one expression in a module. */
  readonly module: string;
  /** Statements that compute the steps. */
  readonly body: string;
  /** What is stored, of type T, by output. */
  readonly stores: readonly string[];
}

export interface ExpressionPlaces {
  /** 1: T is f32. 4: vec4<f32>. */
  readonly vector: 1 | 2 | 4;
  /** An expression of type T for each operand; of type u32 for the seed of a dropout mask. */
  readonly operands: readonly string[];
  /** u32 index of the element in the output, of the first lane where T is a vector. */
  readonly index: string;
  /** Begins the names of what `body` declares. */
  readonly prefix?: string;
}

const CALLS = new Set(
  ['gelu', 'gelu_new', 'silu'].flatMap((name) => [name, `${name}_grad`, `${name}_slope`]),
);

export function expressionText(expression: Expression, places: ExpressionPlaces): ExpressionText {
  const { vector, operands, index, prefix = 's' } = places;
  const names = [...operands];
  const lines: string[] = [];
  for (const [i, step] of expression.steps.entries()) {
    const name = `${prefix}${i}`;
    const args = step.args.map((arg) => names[arg] as string);
    lines.push(`let ${name} = ${stepText(step, args, vector, index)};`);
    names.push(name);
  }
  const ops = new Set<string>(expression.steps.map(({ op }) => op));
  const functions = [...ops].flatMap((op) =>
    op === 'tanh' ? ['safe_tanh'] : op === 'sigmoid' ? ['logistic'] : CALLS.has(op) ? [op] : [],
  );
  const module = [
    `alias T = ${vector === 1 ? 'f32' : `vec${vector}<f32>`};`,
    mathText(functions),
    ops.has('dropout_mask') ? HASH : '',
  ];
  const body = lines.join('\n');
  if (body.includes('not_finite(')) module.push(NOT_FINITE);
  return {
    module: module.join('\n'),
    body,
    stores: expression.stores.map((store) => names[store] as string),
  };
}

/** Operands that are seeds: i32 scalars whose bits are hashed. */
export function seedsOf({ steps }: Expression): ReadonlySet<number> {
  return new Set(steps.flatMap((step) => (step.op === 'dropout_mask' ? [step.args[0]] : [])));
}

function stepText(step: ExpressionStep, args: readonly string[], vector: number, index: string): string {
  const [a = '', b = '', c = '', d = '', e = '', f = ''] = args;
  switch (step.op) {
    case 'neg':
      return `-${a}`;
    case 'exp':
    case 'log':
    case 'sqrt':
    case 'abs':
    case 'sign':
      return `${step.op}(${a})`;
    case 'is_finite':
      return `select(T(0.0), T(1.0), (${bits(a, vector)} & ${splat('0x7f800000u', vector)}) != ${splat('0x7f800000u', vector)})`;
    case 'rsqrt':
      return `inverseSqrt(${a})`;
    case 'square':
      return `${a} * ${a}`;
    case 'tanh':
      return `safe_tanh(${a})`;
    case 'sigmoid':
      return `logistic(${a})`;
    case 'relu':
      return `select(${a}, T(0.0), ${a} < T(0.0))`;
    case 'relu_grad':
      return `select(T(0.0), ${b}, ${a} > T(0.0))`;
    case 'gelu':
    case 'gelu_new':
    case 'silu':
    case 'gelu_grad':
    case 'gelu_new_grad':
    case 'silu_grad':
    case 'gelu_slope':
    case 'gelu_new_slope':
    case 'silu_slope':
      return `${step.op}(${args.join(', ')})`;
    case 'affine': {
      const scaled = step.factor === 1 ? a : `${a} * ${f32(step.factor)}`;
      return step.offset === 0 ? scaled : `${scaled} + ${f32(step.offset)}`;
    }
    case 'add':
      return `${a} + ${b}`;
    case 'sub':
      return `${a} - ${b}`;
    case 'mul':
      return `${a} * ${b}`;
    case 'div':
      return `${a} / ${b}`;
    case 'maximum':
      return `select(${b}, ${a}, ${a} > ${b})`;
    case 'minimum':
      return `select(${b}, ${a}, ${a} < ${b})`;
    case 'greater':
      return `select(T(0.0), T(1.0), ${a} > ${b})`;
    case 'where':
      return `select(${c}, ${b}, ${a} != T(0.0))`;
    case 'constant':
      return `T(${f32(step.value)})`;
    case 'ema':
      return `${f32(step.beta)} * ${a} + ${f32(1 - step.beta)} * ${b}`;
    case 'ema_square':
      return `${f32(step.beta)} * ${a} + ${f32(1 - step.beta)} * ${b} * ${b}`;
    case 'adamw_update':
      return `${a} * (T(1.0) - ${d} * ${f32(step.weight_decay)}) - ${d} * ((${b} / ${e}) / (sqrt(${c} / ${f}) + ${f32(step.epsilon)}))`;
    case 'decayed_update':
      return `${a} * (T(1.0) - ${c} * ${f32(step.weight_decay)}) - ${c} * ${b}`;
    case 'dropout_mask':
      return dropoutText(step, a, vector, index);
  }
}

/** Of a value of type T: tests of bits see NaN and infinity, which arithmetic may take for granted away. */
function bits(value: string, vector: number): string {
  return `bitcast<${vector === 1 ? 'u32' : `vec${vector}<u32>`}>(${value})`;
}

function splat(word: string, vector: number): string {
  return vector === 1 ? word : `vec${vector}<u32>(${word})`;
}

function dropoutText(
  { rate, stream }: { readonly rate: number; readonly stream: number },
  seed: string,
  vector: number,
  index: string,
): string {
  const threshold = dropoutThreshold(rate);
  if (threshold >= 2 ** 32) return 'T(0.0)';
  const lanes = Array.from({ length: vector }, (_, lane) => {
    const element = lane === 0 ? index : `${index} + ${lane}u`;
    const hash = `hash3(${seed}, ${stream >>> 0}u, ${element})`;
    return `select(0.0, ${f32(1 / (1 - rate))}, ${hash} >= ${threshold}u)`;
  });
  return `T(${lanes.join(', ')})`;
}
