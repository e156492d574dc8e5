import { expect, test } from 'vitest';
import { namesSoftware } from './adapter-words.ts';

test.each([
  ['google swiftshader', true],
  ['mesa llvmpipe (LLVM 15.0.6, 256 bits)', true],
  ['mesa lavapipe', true],
  ['Microsoft Basic Render Driver', true],
  ['microsoft warp', true],
  ['nvidia hopper NVIDIA H100', false],
  ['apple metal-3', false],
])('%s is software: %s', (words, software) => {
  expect(namesSoftware(words)).toBe(software);
});
