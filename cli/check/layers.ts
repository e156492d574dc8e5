/**
 * The layers of the house, written once: the gate in `npm run check` enforces them and the picture in
 * docs/architecture.md is drawn from them. Imports point down only; type imports count.
 */

export interface Layer {
  readonly name: string;
  /** A path belongs to the first layer whose pattern it matches. */
  readonly pattern: RegExp;
  /** Layers it may import besides itself; 'any' for composition roots. */
  readonly may: readonly string[] | 'any';
  /** Packages it may import; 'any' where the layer's own kind of Node or browser code decides. */
  readonly packages: readonly string[] | 'any';
  readonly about: string;
}

const pure = ['domain', 'engine', 'base'] as const;

export const layers: readonly Layer[] = [
  {
    name: 'tests',
    pattern: /(\.test\.tsx?$|^e2e\/|^[^/]+\.config\.ts$|\/testing\/)/,
    may: 'any',
    packages: 'any',
    about: 'tests sit beside what they test; journeys in e2e/',
  },
  {
    name: 'roots',
    pattern: /^(src\/studio\/app\/|src\/workers\/[^/]+\.worker\.ts$|cli\/|bench\/|server\/main\.ts$)/,
    may: 'any',
    packages: 'any',
    about: 'composition roots: the only places that construct adapters and devices',
  },
  {
    name: 'studio',
    pattern: /^src\/studio\//,
    may: ['services', 'ui', 'sdk', 'protocol', ...pure],
    packages: 'any',
    about: 'the app: shell, routes, one folder a screen',
  },
  {
    name: 'services',
    pattern: /^src\/services\//,
    may: ['sdk', 'protocol', ...pure],
    packages: ['fflate', 'zod', 'yjs'],
    about: 'use cases that screens and the CLI call',
  },
  {
    name: 'sdk',
    pattern: /^src\/sdk\//,
    may: ['protocol', ...pure],
    packages: ['zod', 'hash-wasm', 'tus-js-client'],
    about: 'the typed client of the server',
  },
  {
    name: 'ui',
    pattern: /^src\/ui\//,
    may: ['base'],
    packages: 'any',
    about: 'design kit and chart wrappers',
  },
  {
    name: 'workers',
    pattern: /^src\/workers\//,
    may: ['protocol', 'domain', 'base'],
    packages: ['zod'],
    about: 'the typed channel; the worker entries themselves are roots',
  },
  {
    name: 'collab',
    pattern: /^src\/collab\//,
    may: ['protocol', ...pure],
    packages: 'any',
    about: 'Y.Doc shape, provider, Monaco binding, awareness',
  },
  {
    name: 'storage',
    pattern: /^src\/storage\//,
    may: ['protocol', ...pure],
    packages: 'any',
    about: 'adapters that fill ports: Dexie, OPFS, node files',
  },
  {
    name: 'server',
    pattern: /^server\//,
    may: ['protocol', 'domain', 'base'],
    packages: 'any',
    about: 'http, sync, artifacts, auth, store; thin',
  },
  {
    name: 'protocol',
    pattern: /^src\/protocol\//,
    may: [...pure],
    packages: ['zod'],
    about: 'zod schemas of whatever crosses a boundary',
  },
  {
    name: 'domain',
    pattern: /^src\/domain\//,
    may: ['engine', 'base'],
    packages: ['zod', 'yaml'],
    about: 'the rules of each capability, with the ports it needs',
  },
  {
    name: 'devices',
    pattern: /^src\/engine\/devices\//,
    may: ['engine', 'base'],
    packages: 'any',
    about: 'one folder a device, all behind one interface',
  },
  {
    name: 'engine',
    pattern: /^src\/engine\//,
    may: ['base'],
    packages: ['@huggingface/tokenizers'],
    about: 'graph, models, optimizers, tokenizers, formats, training, inference: no device, no store',
  },
  {
    name: 'base',
    pattern: /^src\/base\//,
    may: [],
    packages: [],
    about: 'results, errors, seeded randomness, clocks',
  },
];

/** Screens are the folders of src/studio other than app and shared; none may import another. */
export function screenOf(path: string): string | undefined {
  const folder = /^src\/studio\/([^/]+)\//.exec(path)?.[1];
  return folder === 'app' || folder === 'shared' ? undefined : folder;
}
