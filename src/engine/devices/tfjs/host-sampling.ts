import type { Outputs } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { NodeId, Program } from '../../graph/ir.ts';
import { pickToken } from '../../inference/pick.ts';

/** tfjs has no kernels to draw a token with: what `sample_token` takes is read back, and the host draws. */
export interface HostSampling {
  /** Outputs what the draws take instead of what they give. */
  readonly program: Program;
  /** Outputs of `program` -> those of the program that was asked for. */
  finish(outputs: Outputs): Outputs;
}

const OPERANDS = ['logits', 'uniform', 'temperature', 'top_k', 'top_p'] as const;

/** Throws ANN-DEV-006 where a drawn token is more than an output: nothing after it could be computed. */
export function drawOnHost(program: Program): HostSampling {
  const drawn: string[] = [];
  const outputs: Record<string, NodeId> = {};
  for (const [name, id] of Object.entries(program.outputs)) {
    const node = program.nodes[id];
    if (node?.op !== 'sample_token') {
      outputs[name] = id;
      continue;
    }
    drawn.push(name);
    node.inputs.forEach((input, i) => {
      outputs[`${name}.${OPERANDS[i]}`] = input;
    });
  }
  if (drawn.length === 0) return { program, finish: (results) => results };
  const isDraw = (id: NodeId): boolean => program.nodes[id]?.op === 'sample_token';
  if (program.nodes.some((node) => node.inputs.some(isDraw)) || Object.values(program.updates).some(isDraw)) {
    throw deviceErrors.failed({
      message: `${program.name} goes on computing with a drawn token; tfjs draws it last.`,
    });
  }
  return { program: { ...program, outputs }, finish: (results) => finish(drawn, results) };
}

function finish(drawn: readonly string[], results: Outputs): Outputs {
  const finished: Record<string, Float32Array> = { ...results };
  for (const name of drawn) {
    const [logits, uniform, temperature, top_k, top_p] = OPERANDS.map((operand) => {
      const key = `${name}.${operand}`;
      delete finished[key];
      return results[key] ?? new Float32Array(1);
    }) as [Float32Array, Float32Array, Float32Array, Float32Array, Float32Array];
    const width = logits.length / uniform.length;
    const picking = { temperature: temperature[0] ?? 0, top_k: top_k[0] ?? 0, top_p: top_p[0] ?? 1 };
    finished[name] = uniform.map((draw, row) =>
      pickToken(logits.subarray(row * width, (row + 1) * width), picking, draw),
    );
  }
  return finished;
}
