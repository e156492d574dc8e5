import { expect, test } from 'vitest';
import { workgroupBytes } from './workgroup-memory.ts';

test('each variable counts, rounded up to 16 bytes', () => {
  const module = `
var<workgroup> xs : array<f32, 33>;
var<workgroup> limit : u32;
var<workgroup> part : array<vec4<f32>, 64>;
var<workgroup> thirds : array<vec3<f32>, 2>;
var<workgroup> met : array<atomic<u32>, 8>;
var<workgroup> halves : array<f16, 25>;
var<workgroup> fours : array<vec4<f16>, 3>;
fn f() { var plain : f32; }`;
  expect(workgroupBytes(module)).toBe(144 + 16 + 1024 + 32 + 32 + 64 + 32);
  expect(workgroupBytes('fn f() {}')).toBe(0);
});

test('a type that nobody has counted yet is refused, not taken for nothing', () => {
  expect(() => workgroupBytes('var<workgroup> m : mat4x4<f32>;')).toThrow('mat4x4');
});
