import type { StepRunner } from '../engine.ts';
export async function openStep(): Promise<StepRunner> {
  throw new Error('later');
}
export async function matmul(): Promise<number | null> {
  return null;
}
