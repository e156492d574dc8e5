import { type BrowserContext, test as base, expect, type Page } from '@playwright/test';
import { type Auth, StudioServer } from './server.ts';

/** Somebody at a browser of their own. */
export interface Person {
  readonly context: BrowserContext;
  readonly page: Page;
}

interface Fixtures {
  /** Whether people sign in: `test.use({ auth: 'on' })`. */
  readonly auth: Auth;
  readonly server: StudioServer;
  /** Opens another browser context on the sample project, under this name. */
  readonly person: (name: string) => Promise<Person>;
}

/** Pages must not say anything to the console that a developer would have to look into. */
const HARMLESS = [
  // The browser says so of every request while it is offline or the server is away.
  /net::ERR_|WebSocket connection to|Failed to load resource/,
];

export const test = base.extend<Fixtures>({
  auth: ['off', { option: true }],
  server: async ({ auth }, use) => {
    const server = await StudioServer.start(auth);
    await use(server);
    await server.stop();
  },
  person: async ({ browser, server }, use) => {
    const people: Person[] = [];
    const faults: string[] = [];
    await use(async (name) => {
      // The clipboard is how tests paste and read whole texts.
      const context = await browser.newContext({ permissions: ['clipboard-read', 'clipboard-write'] });
      await context.addInitScript((who) => {
        localStorage.getItem('anneal.profile') ??
          localStorage.setItem('anneal.profile', JSON.stringify({ id: `id-of-${who}`, name: who }));
      }, name);
      const page = await context.newPage();
      page.on('pageerror', (error) => faults.push(`${name}: ${error.stack ?? error.message}`));
      page.on('console', (message) => {
        const text = message.text();
        if (message.type() === 'error' && !HARMLESS.some((pattern) => pattern.test(text)))
          faults.push(`${name}: ${text}`);
      });
      const person = { context, page };
      people.push(person);
      await page.goto(server.url);
      return person;
    });
    for (const { context } of people) await context.close();
    expect(faults).toEqual([]);
  },
});

export { expect };
