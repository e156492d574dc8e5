import { probeThread } from '../../engines/probe-thread.ts';

self.onmessage = async ({
  data,
}: MessageEvent<{ readonly module: BufferSource; readonly job: 'fma' | 'read' }>) =>
  self.postMessage(await probeThread(data.module, data.job));
