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
  let limit: number;
  let ignored = Number.NaN;
  if (node.op === 'embedding') limit = program.nodes[node.inputs[0] as number]?.shape[0] ?? 0;
  else if (node.op === 'cross_entropy') {
    limit = program.nodes[node.inputs[0] as number]?.shape[1] ?? 0;
    ignored = node.attributes.ignore_index;
  } else if (node.op === 'cache_write') {
    const rank = node.shape.length;
    const written = program.nodes[node.inputs[1] as number]?.shape[rank - 2] ?? 0;
    limit = (node.shape[rank - 2] ?? 0) - written + 1;
  } else return;
  let source = program.nodes[node.inputs[node.op === 'cache_write' ? 2 : 1] as number] as Node;
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
