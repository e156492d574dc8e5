/**
 * Which tiling of a matmul was the fastest on an adapter, by shape. Measured once and kept: tilings add in
 * different orders, so a choice made anew could give a run other bits after a reload.
 */
export interface TilingStore {
  /** Products of fewer FLOPs keep the best guess; 2e8 where left out. Small ones are over before it matters. */
  readonly least_flops?: number;
  /** What was kept for the adapter; empty where nothing was. */
  load(adapter: string): Promise<Readonly<Record<string, string>>>;
  save(adapter: string, choices: Readonly<Record<string, string>>): Promise<void>;
}

/** In the browser's cache storage, which workers have too; null where there is none (an insecure origin). */
export function browserTilings(): TilingStore | null {
  if (!('caches' in globalThis)) return null;
  const address = (adapter: string) => `/webgpu-tilings/${encodeURIComponent(adapter)}`;
  return {
    async load(adapter) {
      const found = await (await caches.open('webgpu-tilings')).match(address(adapter));
      const choices: unknown = await found?.json();
      if (typeof choices !== 'object' || choices === null) return {};
      const pairs = Object.entries(choices).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      );
      return Object.fromEntries(pairs);
    },
    async save(adapter, choices) {
      await (await caches.open('webgpu-tilings')).put(address(adapter), Response.json(choices));
    },
  };
}
