import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  plugins: [react()],
  worker: { format: 'es' },
  build: { target: 'es2024', outDir: 'dist/studio', sourcemap: true, chunkSizeWarningLimit: 4096 },
});
