import { gradients } from '../../../src/engine/graph/autodiff.ts';
import { GraphBuilder } from '../../../src/engine/graph/builder.ts';
import { type Dim, fixed } from '../../../src/engine/graph/dim.ts';
import { mul, reduceSum, reshape } from '../../../src/engine/graph/emit.ts';
import type { DType, Node, OpAttributes, OpName, Program, StateSpec } from '../../../src/engine/graph/ir.ts';
import { simplify } from '../../../src/engine/graph/simplify.ts';
import { buildForward } from '../../../src/engine/models/forward.ts';
import { buildUpdate } from '../../../src/engine/optimizers/update.ts';
import { IGNORE_INDEX } from '../../../src/engine/training/step.ts';
import type { Workload } from '../../workload/workload.ts';

/** Where a LayerNorm is asked for, an RMSNorm with @genai-fi/nanogpt's epsilon comes. */
class RmsBuilder extends GraphBuilder {
  override node<K extends OpName>(
    op: K,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    target?: readonly Dim[],
    dtype?: DType,
  ): Node {
    const [x, weight] = inputs;
    if (op !== 'layer_norm' || x === undefined || weight === undefined) {
      return super.node(op, inputs, attributes, target, dtype);
    }
    return super.node('rms_norm', [x, weight], { epsilon: 1e-8 });
  }
}

/** The training step of @genai-fi/nanogpt's first model, built with our graph: what its losses are held against. */
export function buildRmsStep(workload: Workload): {
  readonly state: readonly StateSpec[];
  readonly step: Program;
} {
  const { model, batch, context, optimizer } = workload;
  if (model.model_type !== 'gpt2') throw new Error('The variant is one of GPT-2.');
  const g = new RmsBuilder();
  const [rows, time] = [fixed(batch), fixed(context)];
  const input_ids = g.input('input_ids', [rows, time], 'i32');
  const { logits, parameters } = buildForward(
    g,
    { ...model, activation_function: 'gelu_new' },
    { input_ids, batch: rows, time, mode: { type: 'sequence', seed: null } },
  );
  const labels = reshape(g, g.input('labels', [rows, time], 'i32'), [fixed(batch * context)]);
  const losses = g.node('cross_entropy', [logits, labels], { ignore_index: IGNORE_INDEX });
  const loss = mul(g, reduceSum(g, losses, [0]), g.input('inverse_label_count', [], 'f32'));
  const wanted = parameters.map(({ name, dims }) => g.state(name, dims, 'parameter'));
  const { outputs, updates } = buildUpdate(g, optimizer, parameters, gradients(g, loss, wanted));
  return { state: g.states, step: simplify(g.program('step', { outputs: { loss, ...outputs }, updates })) };
}
