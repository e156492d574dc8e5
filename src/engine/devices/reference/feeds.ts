import type { Feed, Feeds } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Node, Program } from '../../graph/ir.ts';
import { sizeOf } from '../../graph/sizes.ts';
import type { Numbers } from './kernels/kernel.ts';
import { shapeKernels } from './kernels/shape.ts';

/**
 * Checks that every input is fed, with numbers of its kind, as many as it has elements, and that ids lie
 * in their tables. Throws ANN-DEV-004. What is fed without being asked for is left alone.
 */
export function checkFeeds(program: Program, feeds: Feeds): ReadonlyMap<string, Numbers> {
  const checked = new Map<string, Numbers>();
  for (const [name, id] of Object.entries(program.inputs)) {
    const node = program.nodes[id] as Node;
    checked.set(name, checkFeed(program, name, node, feeds[name]));
  }
  for (const node of program.nodes) checkIds(program, node, checked);
  return checked;
}

function checkFeed(program: Program, name: string, node: Node, feed: Feed | undefined): Numbers {
  const where = `${program.name}.${name}`;
  if (feed === undefined)
    throw deviceErrors.badFeed({ message: `Program ${program.name} needs input ${name}.`, where });
  const values =
    typeof feed === 'number' ? (node.dtype === 'i32' ? Int32Array.of(feed) : Float64Array.of(feed)) : feed;
  if (values.length !== sizeOf(node.shape)) {
    throw deviceErrors.badFeed({
      message: `Input ${name} of program ${program.name} has ${values.length} elements instead of ${sizeOf(node.shape)} = [${node.shape.join(', ')}].`,
      where,
    });
  }
  if (node.dtype === 'i32' && !(values instanceof Int32Array)) {
    throw deviceErrors.badFeed({
      message: `Input ${name} of program ${program.name} takes whole numbers.`,
      where,
    });
  }
  return values;
}

/** Ids that are fed, perhaps cut, joined or turned on their way: one outside its table would read past it. */
function checkIds(program: Program, node: Node, feeds: ReadonlyMap<string, Numbers>): void {
  const rule = idRule(program, node);
  if (rule === null) return;
  const { operand, limit, ignored } = rule;
  const from = program.nodes[node.inputs[operand] as number] as Node;
  const names: string[] = [];
  for (const id of fedNumbers(program, from, feeds, names)) {
    if (Number.isNaN(id) || id === ignored || (id >= 0 && id < limit)) continue;
    throw deviceErrors.badFeed({
      message: `Input ${names.join(' or ')} of program ${program.name} holds ${id}; ${node.op} takes 0 to ${limit - 1}.`,
      where: `${program.name}.${names[0]}`,
    });
  }
}

/** What a node holds as far as it was fed and only moved, NaN for the rest; `names` gets where it is from. */
function fedNumbers(
  program: Program,
  node: Node,
  feeds: ReadonlyMap<string, Numbers>,
  names: string[],
): Numbers {
  const operands = node.inputs.map((id) => program.nodes[id] as Node);
  const numbers = (operand: Node) => fedNumbers(program, operand, feeds, names);
  const moved = (run: (call: { inputs: Numbers[]; shapes: (readonly number[])[]; out: Numbers }) => void) => {
    const out = new Float64Array(sizeOf(node.shape));
    run({ inputs: operands.map(numbers), shapes: operands.map(({ shape }) => shape), out });
    return out;
  };
  switch (node.op) {
    case 'input': {
      const { name } = node.attributes;
      if (!names.includes(name)) names.push(name);
      return feeds.get(name) ?? new Float64Array(0);
    }
    case 'reshape':
    case 'after':
      return numbers(operands[0] as Node);
    case 'slice':
      return moved((call) => shapeKernels.slice({ node, ...call }));
    case 'concat':
      return moved((call) => shapeKernels.concat({ node, ...call }));
    case 'transpose':
      return moved((call) => shapeKernels.transpose({ node, ...call }));
    case 'broadcast_to':
      return moved((call) => shapeKernels.broadcast_to({ node, ...call }));
    default:
      return new Float64Array(sizeOf(node.shape)).fill(Number.NaN);
  }
}

interface IdRule {
  /** Which input holds ids. */
  readonly operand: number;
  /** They lie below it. */
  readonly limit: number;
  readonly ignored?: number;
}

function idRule(program: Program, node: Node): IdRule | null {
  const size = (input: number, axis: number): number =>
    program.nodes[node.inputs[input] as number]?.shape[axis] ?? 0;
  switch (node.op) {
    case 'embedding':
      return { operand: 1, limit: size(0, 0) };
    case 'embedding_grad':
      return { operand: 1, limit: node.attributes.rows };
    case 'cross_entropy':
    case 'cross_entropy_grad':
      return { operand: 1, limit: size(0, 1), ignored: node.attributes.ignore_index };
    case 'cache_write': {
      const rows = node.shape.length - 2;
      return { operand: 2, limit: size(0, rows) - size(1, rows) + 1 };
    }
    case 'cache_append':
      return { operand: 2, limit: size(0, 2) - node.attributes.time + 1 };
    case 'cached_attention':
      return { operand: 3, limit: size(1, 2) - node.attributes.time + 1 };
    default:
      return null;
  }
}
