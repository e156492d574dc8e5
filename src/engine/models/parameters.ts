import { GraphBuilder } from '../graph/builder.ts';
import { sizeOf } from '../graph/sizes.ts';
import type { ModelConfig } from '../training/spec.ts';
import { gpt2Dims, gpt2Parameters } from './gpt2-parameters.ts';
import { llamaDims, llamaParameters } from './llama-parameters.ts';
import type { ParameterSpec } from './parameter.ts';

/** Every parameter in the order of Hugging Face's modules; tied weights once. Needs no device. */
export function parameterSpecs(model: ModelConfig): readonly ParameterSpec[] {
  const graph = new GraphBuilder();
  const parameters =
    model.model_type === 'gpt2'
      ? gpt2Parameters(model, gpt2Dims(graph, model))
      : llamaParameters(model, llamaDims(graph, model));
  return parameters.map(({ name, dims, init, role }) => ({
    name,
    shape: dims.map((dim) => dim.value),
    init,
    decay: dims.length >= 2,
    role,
  }));
}

/** Numbers that are trained; what is tied counts once. */
export function countParameters(model: ModelConfig): number {
  let total = 0;
  for (const { shape } of parameterSpecs(model)) total += sizeOf(shape);
  return total;
}
