import type { TimingStore } from '../../domain/runs/ports.ts';
import type { DeviceName } from '../../engine/device.ts';

/** The first updates compile and warm up; they say nothing of the others. */
const WARM_UP = 3;
const KEPT = 101;

/** Measures what the device does per second, by the plan's own FLOPs, for the estimates of later runs. */
export function createStepTimer(
  { timings }: { readonly timings: TimingStore },
  device: DeviceName,
  flops: number | null,
): {
  took(step_ms: number): void;
  /** Never rejects: estimates are a convenience. */
  write(): Promise<void>;
} {
  let seen = 0;
  const recent: number[] = [];
  return {
    took(step_ms) {
      if (++seen <= WARM_UP) return;
      recent.push(step_ms);
      if (recent.length > KEPT) recent.shift();
    },
    async write() {
      const median = recent.toSorted((a, b) => a - b)[recent.length >> 1];
      if (flops === null || median === undefined || median <= 0) return;
      await timings.put({ device, flops_per_second: (flops * 1000) / median }).catch(() => undefined);
    },
  };
}
