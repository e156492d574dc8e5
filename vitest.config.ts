import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { buildKernels } from './cli/setup/kernels.ts';
import LongestFirst from './cli/setup/sequencer.ts';
import { browserBytes } from './e2e/browser-memory.ts';
import { chromium, chromiumArguments } from './e2e/chromium.ts';

const said = buildKernels();
// Not the end of all tests: those of the wasm device say it, and `npm test` has made the kernels before.
if (said !== null) console.error(`The kernels could not be compiled:\n${said}`);

/** Loaded when a browser test asks for a server, past the bundling of this file. */
const stands = async (): Promise<typeof import('./server/testing/browser-upload.ts')> =>
  await import(new URL('./server/testing/browser-upload.ts', import.meta.url).href);

// Two projects, side by side: what runs in Node, and what needs a real browser (OPFS, IndexedDB, WebGPU, workers).
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    // What is waited for comes in its time, also where two cores have ten things to do.
    expect: { poll: { timeout: 10_000 } },
    // So long a server, a database or four hundred commits may take to begin or to end there.
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'node',
          environment: 'node',
          include: ['{src,server,cli,bench}/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/node_modules/**'],
          // What takes three seconds by itself has been seen to take fifty-five beside twenty others.
          testTimeout: 180_000,
          // Many of them wait for disks, databases and each other: on two cores two at a time.
          maxWorkers: '100%',
        },
      },
      {
        extends: true,
        // Known beforehand: a dependency found while tests run makes Vite reload the page under them.
        optimizeDeps: {
          include: [
            '@mantine/core',
            '@mantine/hooks',
            '@mantine/notifications',
            '@tabler/icons-react',
            '@tanstack/react-query',
            '@tensorflow/tfjs-core',
            '@tensorflow/tfjs-backend-cpu',
            '@tensorflow/tfjs-backend-wasm',
            '@tensorflow/tfjs-backend-webgl',
            '@tensorflow/tfjs-backend-webgpu',
            'fast-check',
            '@huggingface/tokenizers',
            'dexie',
            'hash-wasm',
            'lib0/buffer',
            'lib0/decoding',
            'lib0/encoding',
            'monaco-editor/editor',
            'monaco-editor/editor/contrib/suggest/browser/suggestController',
            'react',
            'react-dom',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'react-router',
            'react/jsx-runtime',
            'tus-js-client',
            'y-protocols/awareness',
            'y-protocols/sync',
            'y-websocket',
            'yaml',
            'yjs',
            'zod',
          ],
        },
        // As our own server has it; WASM threads need both.
        server: {
          headers: {
            'Cross-Origin-Opener-Policy': 'same-origin',
            'Cross-Origin-Embedder-Policy': 'require-corp',
          },
        },
        test: {
          name: 'browser',
          provide: {
            drawn: {
              seed: Number(process.env.ANNEAL_SEED ?? Date.now() % 2 ** 31),
              all: process.env.ANNEAL_ALL === '1',
            },
          },
          include: ['src/**/*.browser.test.ts', 'src/**/*.browser.test.tsx'],
          testTimeout: 120_000,
          // As in Node, without which the one would wait for the other to end; of its pages there is one at a time.
          maxWorkers: '100%',
          browser: {
            enabled: true,
            fileParallelism: false,
            headless: true,
            screenshotFailures: false,
            commands: {
              browserBytes: () => browserBytes(),
              startUploadStand: async (_context, places: readonly number[]) =>
                (await stands()).startUploadStand(places),
              readUploadStand: async (_context, id: number) => (await stands()).readUploadStand(id),
              stopUploadStand: async (_context, id: number) => (await stands()).stopUploadStand(id),
            },
            provider: playwright({
              launchOptions: { executablePath: chromium(), args: [...chromiumArguments] },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
});
