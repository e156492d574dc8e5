import type { Dim, ShapeIssue } from './dim.ts';
import { divide, fixed, formatDim, sameValue, symbol } from './dim.ts';
import { graphErrors } from './errors.ts';
import type { DType, MemoryKind, Node, OpAttributes, OpName, Program, StateSpec } from './ir.ts';
import { STATE_KIND } from './ir.ts';
import type { Graph, ShapeChecks } from './ops/definition.ts';
import { definitionOf } from './ops/table.ts';

/**
 * Builds one graph. What a config can get wrong becomes a ShapeIssue and building goes on with an
 * assumed value; what only a defect of ours can get wrong throws ANN-GRF-001.
 */
export class GraphBuilder implements Graph, ShapeChecks {
  readonly nodes: Node[] = [];
  readonly kinds: MemoryKind[] = [];
  readonly issues: ShapeIssue[] = [];
  readonly states: StateSpec[] = [];
  /** The module that nodes are made for. */
  scope = '';
  /** What nodes made from now on are for. */
  kind: MemoryKind = 'activations';
  #because: readonly string[] = [];
  readonly #seen = new Set<string>();
  readonly #inputs = new Map<string, Node>();
  readonly #state = new Map<string, Node>();

  node<K extends OpName>(
    op: K,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    target?: readonly Dim[],
    dtype?: DType,
  ): Node {
    const definition = definitionOf(op);
    const dims = definition.infer(this, inputs, attributes, target);
    const first = inputs[0];
    const rule = definition.dtype;
    const ids = new Array<number>(inputs.length);
    for (let i = 0; i < inputs.length; i++) ids[i] = (inputs[i] as Node).id;
    // The union of all nodes cannot be built from a name that is known only at run time.
    const node = {
      id: this.nodes.length,
      op,
      inputs: ids,
      attributes,
      shape: first !== undefined && first.dims === dims ? first.shape : valuesOf(dims),
      dims,
      dtype: rule === 'first' ? (first?.dtype ?? 'f32') : rule === 'given' ? (dtype ?? 'f32') : rule,
      scope: this.scope,
    } as Node;
    this.nodes.push(node);
    this.kinds.push(this.kind);
    return node;
  }

  /** Fed on every run. Asked for twice under one name, it is the same node. */
  input(name: string, dims: readonly Dim[], dtype: DType): Node {
    const known = this.#inputs.get(name);
    if (known !== undefined) return known;
    const node = this.node('input', [], { name }, dims, dtype);
    this.#inputs.set(name, node);
    return node;
  }

  /** Lives on the device between runs. Asked for twice under one name, it is the same node. */
  state(name: string, dims: readonly Dim[], kind: StateSpec['kind'], dtype: DType = 'f32'): Node {
    const known = this.#state.get(name);
    if (known !== undefined) return known;
    const node = this.node('state', [], { name }, dims, dtype);
    this.kinds[node.id] = STATE_KIND[kind];
    this.#state.set(name, node);
    this.states.push({ name, shape: node.shape, dtype, kind });
    return node;
  }

  /** Marks what a node is for; a node that already serves another purpose keeps the last mark. */
  mark(node: Node, kind: MemoryKind): Node {
    this.kinds[node.id] = kind;
    return node;
  }

  /** Runs `body` inside a module: scope `transformer` and name `h.0` make `transformer.h.0`. */
  within<T>(name: string, body: () => T): T {
    const outer = this.scope;
    this.scope = outer === '' ? name : `${outer}.${name}`;
    try {
      return body();
    } finally {
      this.scope = outer;
    }
  }

  /** Adds a reason to the issues found inside `body`. */
  since<T>(reason: string, body: () => T): T {
    const outer = this.#because;
    this.#because = [...outer, reason];
    try {
      return body();
    } finally {
      this.#because = outer;
    }
  }

  /** A config field as a dimension; below 1 or not whole, it is reported and 1 is assumed. */
  field(name: string, value: number): Dim {
    const dim = symbol(name, value);
    if (Number.isSafeInteger(value) && value > 0) return dim;
    this.#report('positive', dim, fixed(0), `${name} counts something, so it is a whole number from 1 on`);
    return { ...dim, value: 1, assumed: true };
  }

  /** left / right, which must be whole. */
  divide(left: Dim, right: Dim, because: string): Dim {
    const { quotient, exact } = divide(left, right);
    if (!exact && !left.assumed && !right.assumed) this.#report('divisible', left, right, because);
    return quotient;
  }

  equal(left: Dim, right: Dim, because: string): Dim {
    if (left === right || sameValue(left.value, right.value)) return left;
    if (left.assumed || right.assumed) return left.assumed ? right : left;
    this.#report('equal', left, right, because);
    return { ...left, assumed: true };
  }

  atMost(left: Dim, right: Dim, because: string): void {
    if (left.value > right.value && !left.assumed && !right.assumed) {
      this.#report('at_most', left, right, because);
    }
  }

  malformed(message: string): never {
    throw graphErrors.malformed({ message: `In ${this.scope || 'the graph'}: ${message}.` });
  }

  /** Closes the graph. It may carry issues: look at `issues` before it is run. */
  program(
    name: string,
    ends: {
      readonly outputs: Readonly<Record<string, Node>>;
      readonly updates?: Readonly<Record<string, Node>>;
      readonly dtype?: Program['dtype'];
    },
  ): Program {
    return {
      name,
      nodes: this.nodes,
      inputs: idsOf(this.#inputs),
      state: idsOf(this.#state),
      updates: idsIn(ends.updates ?? {}),
      outputs: idsIn(ends.outputs),
      kinds: this.kinds,
      dtype: ends.dtype,
    };
  }

  /** One rule broken in one way is one issue, however many layers repeat it. */
  #report(rule: ShapeIssue['rule'], left: Dim, right: Dim, because: string): void {
    const key = `${rule}|${formatDim(left)}|${formatDim(right)}|${because}`;
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.issues.push({ rule, left, right, scope: this.scope, because: [...this.#because, because] });
  }
}

function valuesOf(dims: readonly Dim[]): readonly number[] {
  const values = new Array<number>(dims.length);
  for (let i = 0; i < dims.length; i++) values[i] = (dims[i] as Dim).value;
  return values;
}

function idsOf(named: Iterable<readonly [string, Node]>): Readonly<Record<string, number>> {
  const ids: Record<string, number> = {};
  for (const [name, node] of named) ids[name] = node.id;
  return ids;
}

function idsIn(named: Readonly<Record<string, Node>>): Readonly<Record<string, number>> {
  const ids: Record<string, number> = {};
  for (const name in named) ids[name] = (named[name] as Node).id;
  return ids;
}
