import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { buildKernels } from './cli/setup/kernels.ts';

/**
 * tfjs starts its WASM threads from the source text of a function, which then runs alone. The function names a
 * variable of the file around it, behind a `typeof` that a minifier knows to be needless: make it a global.
 */
function standAloneThreads(): Plugin {
  return {
    name: 'stand-alone-wasm-threads',
    apply: 'build',
    transform: {
      filter: { id: /tfjs-backend-wasm-threaded-simd\.js$/ },
      handler: (code) => ({
        code: code
          .replace(/var _scriptDir\b/, 'globalThis.__wasmScript')
          .replaceAll(/\b_scriptDir\b/g, 'globalThis.__wasmScript'),
        map: { mappings: '' },
      }),
    },
  };
}

/** The modules of the wasm device, made before they are asked for and again when their sources change. */
function wasmKernels(): Plugin {
  return {
    name: 'wasm-kernels',
    buildStart() {
      const said = buildKernels();
      if (said !== null) this.error(`The kernels could not be compiled:\n${said}`);
    },
    hotUpdate({ file }) {
      if (!file.includes('/devices/wasm/assembly/')) return;
      const said = buildKernels();
      if (said !== null) throw new Error(`The kernels could not be compiled:\n${said}`);
      this.environment.hot.send({ type: 'full-reload' });
      return [];
    },
  };
}

export default defineConfig({
  plugins: [
    react(),
    wasmKernels(),
    VitePWA({
      registerType: 'prompt',
      injectRegister: null,
      manifest: {
        name: 'Anneal',
        short_name: 'Anneal',
        description: 'Write a training config together, see it checked like code, train it in the browser.',
        start_url: '/',
        display: 'standalone',
        background_color: '#14161c',
        theme_color: '#14161c',
        icons: [{ src: '/icon.svg', sizes: 'any', type: 'image/svg+xml', purpose: 'any' }],
      },
      workbox: {
        // All of it, so that what was never opened works offline too: one version, or the other, never a mix.
        globPatterns: ['**/*.{js,css,html,svg,wasm,ttf,woff2,webmanifest}'],
        maximumFileSizeToCacheInBytes: 16 * 1024 * 1024,
        navigateFallback: '/index.html',
        navigateFallbackDenylist: [/^\/api\//, /^\/sync\//, /^\/signin\//],
        cleanupOutdatedCaches: true,
        clientsClaim: false,
        skipWaiting: false,
        inlineWorkboxRuntime: true,
        sourcemap: false,
      },
    }),
  ],
  worker: { format: 'es', plugins: () => [standAloneThreads()] },
  build: {
    target: 'es2024',
    // Browsers that have WebGPU have light-dark(); rewriting it would lose colours that follow the scheme.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    outDir: 'dist/studio',
    sourcemap: true,
    chunkSizeWarningLimit: 4096,
  },
});
