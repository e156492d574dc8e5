import type { Outputs } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import { inBasicOps } from '../../graph/basic-ops.ts';
import type { Node, NodeId, Program, StateSpec } from '../../graph/ir.ts';
import { sameShape, sizeOf } from '../../graph/sizes.ts';
import { drawOnHost } from './host-sampling.ts';
import { HOST_OPERANDS } from './kernel.ts';

/** One node to compute, and whose last use it was. */
export interface Step {
  readonly node: Node;
  /** Nodes that nothing needs after this one. */
  readonly dead: readonly NodeId[];
}

export interface Plan {
  readonly steps: readonly Step[];
  /** As it runs: in basic ops, without draws. */
  readonly program: Program;
  /** As it was asked for; feeds are checked by it. */
  readonly asked: Program;
  /** What `program` gives out -> what `asked` does. */
  finish(outputs: Outputs): Outputs;
}

/**
 * Checks a program against a session's state and works out when each tensor dies. Nodes that no output
 * and no update needs are left out. Throws ANN-DEV-004 where the program does not fit, ANN-DEV-002 where
 * a tensor is larger than the device takes.
 */
export function planProgram(
  asked: Program,
  state: ReadonlyMap<string, StateSpec>,
  maxBufferBytes: number | null,
): Plan {
  const { program, finish } = drawOnHost(inBasicOps(asked));
  const kept = new Set([...Object.values(program.outputs), ...Object.values(program.updates)]);
  const lastUse = new Map<NodeId, NodeId>();
  const steps: Step[] = [];
  const needed = neededNodes(program, kept);
  for (const node of program.nodes) {
    if (!needed.has(node.id)) continue;
    checkSize(`${node.op} in ${node.scope || program.name}`, node.shape, maxBufferBytes);
    if (node.op === 'state') checkState(program, node.attributes.name, node, state);
    for (const input of node.inputs) lastUse.set(input, node.id);
    const operand = HOST_OPERANDS[node.op];
    if (operand !== undefined) checkHostOperand(program, node, operand);
  }
  checkUpdates(program, state);
  const deaths = new Map<NodeId, NodeId[]>();
  for (const [id, user] of lastUse) {
    if (kept.has(id)) continue;
    const list = deaths.get(user);
    if (list === undefined) deaths.set(user, [id]);
    else list.push(id);
  }
  for (const node of program.nodes) {
    if (needed.has(node.id)) steps.push({ node, dead: deaths.get(node.id) ?? [] });
  }
  return { steps, program, asked, finish };
}

/** Throws ANN-DEV-002 where one tensor is more than the device can hold in one piece. */
export function checkSize(what: string, shape: readonly number[], maxBufferBytes: number | null): void {
  const bytes = sizeOf(shape) * 4;
  if (maxBufferBytes === null || bytes <= maxBufferBytes) return;
  throw deviceErrors.outOfMemory({
    message: `${what} needs ${bytes} bytes in one piece; this device gives at most ${maxBufferBytes}.`,
    data: { bytes, max_buffer_bytes: maxBufferBytes },
  });
}

function neededNodes(program: Program, roots: ReadonlySet<NodeId>): Set<NodeId> {
  const needed = new Set(roots);
  for (let id = program.nodes.length - 1; id >= 0; id--) {
    if (needed.has(id)) for (const input of nodeAt(program, id).inputs) needed.add(input);
  }
  return needed;
}

export function nodeAt(program: Program, id: NodeId): Node {
  const node = program.nodes[id];
  if (node === undefined) throw deviceErrors.badFeed({ message: `${program.name} has no node ${id}` });
  return node;
}

/** Some kernels work out tables from an i32 operand before the run; it must then be known by then. */
function checkHostOperand(program: Program, node: Node, index: number): void {
  let source = nodeAt(program, node.inputs[index] ?? -1);
  while (source.op === 'reshape' || source.op === 'after') {
    source = nodeAt(program, source.inputs[0] ?? -1);
  }
  if (source.op === 'input' || source.op === 'iota' || source.op === 'constant') return;
  throw deviceErrors.failed({
    message: `${node.op} in ${node.scope || program.name} needs its operand ${index} fed, not computed`,
  });
}

function checkState(program: Program, name: string, node: Node, state: ReadonlyMap<string, StateSpec>): void {
  const spec = state.get(name);
  if (spec === undefined) {
    throw deviceErrors.badFeed({
      message: `${program.name} uses the state ${name}, which the session lacks`,
    });
  }
  if (spec.dtype !== node.dtype || !sameShape(spec.shape, node.shape)) {
    throw deviceErrors.badFeed({
      message: `${program.name} has ${name} as ${node.dtype} [${node.shape}], the session as ${spec.dtype} [${spec.shape}]`,
    });
  }
}

function checkUpdates(program: Program, state: ReadonlyMap<string, StateSpec>): void {
  for (const [name, id] of Object.entries(program.updates))
    checkState(program, name, nodeAt(program, id), state);
}
