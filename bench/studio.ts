import { type Browser, chromium as playwright } from '@playwright/test';
import { ensureBuild } from '../cli/setup/build.ts';
import { chromium, chromiumArguments } from '../e2e/chromium.ts';
import { StudioServer } from '../e2e/testing/server.ts';

/** The built studio on a real server with a folder of its own, and a browser to look at it; both gone afterwards. */
export async function inStudio<T>(work: (browser: Browser, url: string) => Promise<T>): Promise<T> {
  await ensureBuild();
  const server = await StudioServer.start();
  try {
    const browser = await playwright.launch({ executablePath: chromium(), args: [...chromiumArguments] });
    try {
      return await work(browser, server.url);
    } finally {
      await browser.close();
    }
  } finally {
    await server.stop();
  }
}
