import { defineConfig } from '@playwright/test';
import { chromium, chromiumArguments } from './e2e/chromium.ts';

const ALONE = /main-thread\.spec\.ts$/;

export default defineConfig({
  testDir: 'e2e',
  // The machines are small and the GPU is emulated: two journeys at a time, each with a server of its own.
  workers: 2,
  // Of two people at once, on a machine that does other things beside: what is waited for in it has its own limits.
  timeout: 480_000,
  expect: { timeout: 60_000 },
  reporter: [['list'], ['./cli/setup/playwright-reporter.ts']],
  projects: [
    { name: 'journeys', testIgnore: ALONE, outputDir: 'test-results/journeys' },
    // Holds what the page does to milliseconds: `npm test` runs it after the others.
    { name: 'alone', testMatch: ALONE, outputDir: 'test-results/alone' },
  ],
  use: {
    launchOptions: { executablePath: chromium(), args: [...chromiumArguments] },
    // Without pictures: where there is no GPU, taking them is a quarter of a journey's work.
    trace: { mode: 'retain-on-failure', screenshots: false },
    viewport: { width: 1440, height: 900 },
  },
});
