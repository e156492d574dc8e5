import { serveAsHelper } from './helper.ts';
import { type HelperStart, READY } from './host.ts';

/** A helper thread in a browser. */
self.onmessage = async ({ data }: MessageEvent<HelperStart>) => {
  try {
    await serveAsHelper(data, () => self.postMessage(READY));
    self.close();
  } catch (error) {
    // As an uncaught error of a task it reaches the worker that started this one; a rejection would not.
    setTimeout(() => {
      throw error;
    });
  }
};
