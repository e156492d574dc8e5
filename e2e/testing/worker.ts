import type { BrowserContext } from '@playwright/test';

/** Runs this before anything else in the worker that trains: a browser or a GPU as others have it. */
export async function inTrainer(context: BrowserContext, script: () => void): Promise<void> {
  await context.route(/\/assets\/trainer\.worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `(${script})();${await response.text()}` });
  });
}

/** Leaves out the headers without which a page's threads cannot share memory, as a plain web server does. */
export async function withoutIsolation(context: BrowserContext): Promise<void> {
  await context.route('**/*', async (route) => {
    const response = await route.fetch();
    const {
      'cross-origin-opener-policy': _,
      'cross-origin-embedder-policy': __,
      ...headers
    } = response.headers();
    await route.fulfill({ response, headers });
  });
}
