import type { Reporter, Suite } from '@playwright/test/reporter';
import { type Tally, writeTally } from './tally.ts';

export default class TallyReporter implements Reporter {
  #root: Suite | undefined;
  #errors = 0;

  onBegin(_config: unknown, suite: Suite): void {
    this.#root = suite;
  }

  onError(): void {
    this.#errors++;
  }

  onEnd(): void {
    let passed = 0;
    let failed = this.#errors;
    const skipped: { test: string; reason: string }[] = [];
    for (const test of this.#root?.allTests() ?? []) {
      if (test.outcome() === 'skipped')
        skipped.push({
          test: test.titlePath().filter(Boolean).join(' > '),
          reason: test.annotations.find((note) => note.type === 'skip')?.description ?? '',
        });
      else if (test.ok()) passed++;
      else failed++;
    }
    writeTally('playwright', { passed, failed, skipped } satisfies Tally);
  }
}
