import { defineConfig } from '@playwright/test';
import { chromium, chromiumArguments } from './e2e/chromium.ts';

export default defineConfig({
  testDir: 'e2e',
  // The machines are small and the GPU is emulated: one journey at a time, each with a server of its own.
  workers: 1,
  timeout: 240_000,
  expect: { timeout: 20_000 },
  outputDir: 'test-results/journeys',
  reporter: [['list'], ['./cli/setup/playwright-reporter.ts']],
  use: {
    launchOptions: { executablePath: chromium(), args: [...chromiumArguments] },
    trace: 'retain-on-failure',
    viewport: { width: 1440, height: 900 },
  },
});
