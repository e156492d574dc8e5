import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { type Browser, chromium as playwright } from '@playwright/test';
import { build } from 'vite';
import { chromium, chromiumArguments } from '../../e2e/chromium.ts';
import type { Actor, Request } from './calls.ts';
import { actorOver } from './link.ts';
import type { BenchPage } from './page/page.ts';

export interface ChromiumContest {
  readonly version: string;
  start(): Promise<Actor>;
  close(): Promise<void>;
}

/** A tab of Chromium, isolated, that serves engines from workers. */
export async function openChromium(): Promise<ChromiumContest> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-bench-page-'));
  let browser: Browser | null = null;
  let server: Server | null = null;
  const close = async () => {
    await browser?.close();
    server?.closeAllConnections();
    server?.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await buildPage(folder);
    server = await serve(folder);
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The page is not served.');
    browser = await playwright.launch({
      executablePath: chromium(),
      args: [...chromiumArguments],
      handleSIGINT: false,
      handleSIGTERM: false,
    });
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${address.port}/index.html`);
    await page.waitForFunction(() => 'bench' in globalThis && crossOriginIsolated);
    let keys = 0;
    return {
      version: browser.version(),
      close,
      async start() {
        const key = ++keys;
        const bench = await page.evaluateHandle(() => (globalThis as unknown as { bench: BenchPage }).bench);
        await bench.evaluate((b, k) => b.start(k), key);
        const { actor, receive, ended } = actorOver({
          send: (request: Request) => {
            bench
              .evaluate((b, [k, r]) => b.ask(k, r), [key, request] as const)
              .then(receive, (error) => {
                ended(`the tab is gone: ${error instanceof Error ? error.message : error}`);
              });
          },
          close: async () => {
            // Where the tab is gone, so is the worker.
            await bench.evaluate((b, k) => b.end(k), key).catch(() => undefined);
          },
        });
        return actor;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Not minified: a minifier breaks the source text from which tfjs starts its threads. */
async function buildPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    logLevel: 'error',
    root: join(import.meta.dirname, 'page'),
    worker: { format: 'es' },
    build: { target: 'es2024', outDir, emptyOutDir: true, minify: false, sourcemap: false },
  });
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/** With the headers that shared memory needs. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const path = join(folder, normalize(new URL(request.url ?? '/', 'http://localhost').pathname));
    if (!path.startsWith(folder) || !existsSync(path)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, {
      'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    });
    createReadStream(path).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
