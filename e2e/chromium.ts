import { existsSync } from 'node:fs';
import { chromium as bundled } from '@playwright/test';

/** The browser that tests run in: the machine's Chromium or Chrome, else Playwright's own. */
export function chromium(): string {
  const candidates = [
    process.env.ANNEAL_CHROMIUM,
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/usr/bin/google-chrome',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    bundled.executablePath(),
  ];
  const found = candidates.find((path) => path !== undefined && existsSync(path));
  if (found === undefined)
    throw new Error('No Chromium found. `npm test` installs one; or set ANNEAL_CHROMIUM.');
  return found;
}

/** Turns on WebGPU where there is no GPU (SwiftShader), and keeps the browser off the network. */
export const chromiumArguments: readonly string[] = [
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
