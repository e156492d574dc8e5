import { Random } from '../../../../base/random.ts';
import { extentOf, sizeOf } from '../../../graph/sizes.ts';
import type { GivenTensor } from './run-call.ts';

/** A fresh seed each time, to be put into the names of what it made. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/** Makes operands and poisoned results for calls. */
export class Values {
  readonly random: Random;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  below(n: number): number {
    return this.random.below(n);
  }

  /** With a `row_stride` there is poison between the rows, which must be neither read nor written. */
  normal(shape: readonly number[], row_stride: number | null = null, offset = 0): GivenTensor {
    const values = new Float32Array(extentOf({ shape, row_stride })).fill(Number.NaN);
    const width = shape.at(-1) ?? 1;
    for (let i = 0; i < sizeOf(shape); i++) {
      values[Math.floor(i / width) * (row_stride ?? width) + (i % width)] = this.random.normal();
    }
    return { shape, values, offset, ...(row_stride === null ? {} : { row_stride }) };
  }

  poison(shape: readonly number[], row_stride: number | null = null): GivenTensor {
    const values = new Float32Array(extentOf({ shape, row_stride })).fill(Number.NaN);
    return { shape, values, ...(row_stride === null ? {} : { row_stride }) };
  }

  integers(shape: readonly number[], below: number): GivenTensor {
    const values = Int32Array.from({ length: sizeOf(shape) }, () => this.below(below));
    return { shape, dtype: 'i32', values };
  }

  scalar(value: number): GivenTensor {
    return { shape: [], values: Float32Array.of(value) };
  }
}
