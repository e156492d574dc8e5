import type { KernelKind } from '../../../engine/training/kernel-kinds.ts';

/** Theme colours that people with a colour vision deficiency tell apart as far as ten can be. */
export const KIND_COLORS: Readonly<Record<KernelKind, string>> = {
  'Matrix products': 'blue.6',
  Attention: 'orange.5',
  Norms: 'teal.6',
  Loss: 'red.6',
  Embeddings: 'grape.5',
  Sampling: 'pink.5',
  Optimizer: 'yellow.6',
  Elementwise: 'cyan.5',
  Reductions: 'lime.7',
  'Moving data': 'gray.6',
};

/** As CSS knows it. */
export function variableOf(color: string): string {
  return `--mantine-color-${color.replace('.', '-')}`;
}
