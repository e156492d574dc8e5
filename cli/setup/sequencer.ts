import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * What takes longest, the longest first: begun last, one of them would run on alone when all others are done.
 * In a fresh clone nothing else says so, and some of these files are short.
 */
const LONG = [
  'sync/attacks',
  'sync/converge',
  'kernels/matmul',
  'node/webgpu.test',
  'training/devices',
  'access/cells',
  'node/factories',
  'kernels/attention',
  'http/fuzz',
  'node/webgpu-limits',
  'postgres/postgres-store',
  'optimizers/devices',
  'inference/devices',
  'vault/sealed-store',
  'artifacts/artifact-store',
];

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((part) => moduleId.includes(part));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}
