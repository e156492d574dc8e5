import type { Feed, Feeds } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Node, Program } from '../../graph/ir.ts';
import type { Numbers } from './kernels/kernel.ts';
import { count } from './kernels/kernel.ts';

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
  if (values.length !== count(node.shape)) {
    throw deviceErrors.badFeed({
      message: `Input ${name} of program ${program.name} has ${values.length} elements instead of ${count(node.shape)} = [${node.shape.join(', ')}].`,
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

/** Ids that are fed, perhaps reshaped: an id outside its table would read past it. */
function checkIds(program: Program, node: Node, feeds: ReadonlyMap<string, Numbers>): void {
  const rule = idRule(program, node);
  if (rule === null) return;
  const { operand, limit, ignored } = rule;
  let source = program.nodes[node.inputs[operand] as number] as Node;
  while (source.op === 'reshape') source = program.nodes[source.inputs[0] as number] as Node;
  if (source.op !== 'input') return;
  const { name } = source.attributes;
  for (const id of feeds.get(name) ?? []) {
    if (id === ignored || (id >= 0 && id < limit)) continue;
    throw deviceErrors.badFeed({
      message: `Input ${name} of program ${program.name} holds ${id}; ${node.op} takes 0 to ${limit - 1}.`,
      where: `${program.name}.${name}`,
    });
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
