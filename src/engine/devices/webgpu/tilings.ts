/**
 * Which tiling of a matmul was the fastest on an adapter, by shape. Measured once and kept: tilings add in
 * different orders, so a choice made anew could give a run other bits after a reload.
 */
export interface TilingStore {
  /** Products of fewer FLOPs keep the best guess; 2e8 where left out. Small ones are over before it matters. */
  readonly least_flops?: number;
  /** What was kept for the adapter; empty where nothing was. */
  load(adapter: string): Promise<Readonly<Record<string, string>>>;
  /** Adds to what is kept. What is kept already stays, whoever measured it: runs have begun with it. */
  save(adapter: string, choices: Readonly<Record<string, string>>): Promise<void>;
}

/** The pairs of text among what was read, which may be anything. */
function tilingsIn(kept: unknown): Record<string, string> {
  if (typeof kept !== 'object' || kept === null) return {};
  return Object.fromEntries(
    Object.entries(kept).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

/** Where a value is kept by its name; undefined where none is. */
interface Values {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
}

/** Beside what else is kept of a machine. */
export function keptTilings(values: Values): TilingStore {
  const key = (adapter: string) => `webgpu-tilings/${adapter}`;
  const load = async (adapter: string) => tilingsIn(await values.get(key(adapter)));
  let last: Promise<void> = Promise.resolve();
  return {
    load,
    save(adapter, choices) {
      // One after the other: each adds to what the one before has written.
      const saved = last.then(async () => values.set(key(adapter), { ...choices, ...(await load(adapter)) }));
      last = saved.catch(() => {});
      return saved;
    },
  };
}

/** Until the process ends. */
export function memoryTilings(): TilingStore {
  const values = new Map<string, unknown>();
  return keptTilings({
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
  });
}

/** In the browser's cache storage, which workers have too; null where there is none (an insecure origin). */
export function browserTilings(): TilingStore | null {
  if (!('caches' in globalThis)) return null;
  const name = 'webgpu-tilings';
  const address = (adapter: string) => `/${name}/${encodeURIComponent(adapter)}`;
  const load = async (adapter: string) => {
    const found = await (await caches.open(name)).match(address(adapter));
    return tilingsIn(await found?.json());
  };
  return {
    load,
    save(adapter, choices) {
      // Another tab may be at it too.
      return navigator.locks.request(name, async () => {
        const all = { ...choices, ...(await load(adapter)) };
        await (await caches.open(name)).put(address(adapter), Response.json(all));
      });
    },
  };
}
