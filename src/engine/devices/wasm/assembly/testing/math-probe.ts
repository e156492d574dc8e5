/** What math.test.ts compiles: each function over `count` floats, a multiple of 4. */
import {
  gelu, geluDerivative, geluNew, geluNewDerivative, powerNegative, silu, siluDerivative,
} from '../activations';
import { exp, expNegative, log, sigmoid, tanh } from '../math';

export function apply(which: i32, from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 4) {
    v128.store(to + (<usize>i << 2), one(which, v128.load(from + (<usize>i << 2))));
  }
}

function one(which: i32, x: v128): v128 {
  switch (which) {
    case 0: return exp(x);
    case 1: return expNegative(x);
    case 2: return log(x);
    case 3: return tanh(x);
    case 4: return sigmoid(x);
    case 5: return gelu(x);
    case 6: return geluDerivative(x);
    case 7: return geluNew(x);
    case 8: return geluNewDerivative(x);
    case 9: return silu(x);
    case 10: return siluDerivative(x);
    default: return powerNegative(x);
  }
}
