import type { BoundTensor } from '../../dispatch.ts';

/** What both halves reach. */
export interface GradTensors {
  readonly qkv: BoundTensor;
  readonly out: BoundTensor;
  readonly lse: BoundTensor;
  readonly dout: BoundTensor;
  readonly dqkv: BoundTensor;
}
