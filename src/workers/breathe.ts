/**
 * Lets messages in, between two updates. A message to oneself is a task of its own like a timer's, but is
 * not held back for 4 ms, which timers are when they follow each other.
 */
export function createBreathe(): () => Promise<void> {
  const { port1, port2 } = new MessageChannel();
  const waiting: (() => void)[] = [];
  port1.onmessage = () => waiting.shift()?.();
  return () =>
    new Promise((resolve) => {
      waiting.push(resolve);
      port2.postMessage(null);
    });
}

/** Calls back after `ms`; what it returns takes the call back. */
export function timer(ms: number, fire: () => void): () => void {
  const id = setTimeout(fire, ms);
  return () => clearTimeout(id);
}
