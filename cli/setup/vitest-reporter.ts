import type { Reporter, TestModule } from 'vitest/node';
import { type Tally, writeTally } from './tally.ts';

export default class TallyReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    let passed = 0;
    let failed = unhandled.length;
    const skipped: { test: string; reason: string }[] = [];
    for (const module of modules) {
      if (module.errors().length > 0) failed++;
      for (const test of module.children.allTests()) {
        const result = test.result();
        if (result.state === 'passed') passed++;
        else if (result.state === 'failed') failed++;
        else
          skipped.push({
            test: test.fullName,
            reason: result.state === 'skipped' ? (result.note ?? '') : result.state,
          });
      }
      for (const suite of module.children.allSuites()) if (suite.errors().length > 0) failed++;
    }
    writeTally('vitest', { passed, failed, skipped } satisfies Tally);
  }
}
