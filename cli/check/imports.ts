import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { parseSync } from 'oxc-parser';

export interface Import {
  readonly from: string;
  /** A path in the repository, or a package's name. */
  readonly to: string;
  readonly kind: 'file' | 'package' | 'builtin';
  /** Loaded when called: does not make a cycle. */
  readonly dynamic: boolean;
}

export const root = join(import.meta.dirname, '..', '..');

/** Every TypeScript file of the project, relative to the root, sorted. */
export function sourceFiles(): string[] {
  return globSync('{src,server,cli,bench,e2e}/**/*.{ts,tsx}', { cwd: root })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !path.endsWith('.d.ts'))
    .sort();
}

/** What a file imports, type imports among it; assets and virtual modules are left out. */
export function importsOf(path: string): Import[] {
  const { module } = parseSync(path, readFileSync(join(root, path), 'utf8'));
  const found: { readonly specifier: string; readonly dynamic: boolean }[] = [];
  for (const one of module.staticImports) found.push({ specifier: one.moduleRequest.value, dynamic: false });
  for (const one of module.staticExports)
    for (const entry of one.entries)
      if (entry.moduleRequest) found.push({ specifier: entry.moduleRequest.value, dynamic: false });
  const text = readFileSync(join(root, path), 'utf8');
  for (const one of module.dynamicImports) {
    const literal = /^['"`]([^'"`$]+)['"`]$/.exec(
      text.slice(one.moduleRequest.start, one.moduleRequest.end).trim(),
    );
    if (literal?.[1]) found.push({ specifier: literal[1], dynamic: true });
  }
  for (const one of text.matchAll(/new URL\(\s*'(\.[^']+\.ts)',\s*import\.meta\.url/g))
    if (one[1]) found.push({ specifier: one[1], dynamic: true });
  return found.flatMap(({ specifier, dynamic }) => resolve(path, specifier, dynamic));
}

function resolve(from: string, specifier: string, dynamic: boolean): Import[] {
  const bare = specifier.split('?')[0] ?? specifier;
  if (bare.startsWith('.')) {
    const to = posix.normalize(posix.join(dirname(from).replaceAll('\\', '/'), bare));
    return /\.tsx?$/.test(to) && existsSync(join(root, to)) ? [{ from, to, kind: 'file', dynamic }] : [];
  }
  if (bare.startsWith('node:')) return [{ from, to: bare, kind: 'builtin', dynamic }];
  if (bare.startsWith('virtual:')) return [];
  const name = bare
    .split('/')
    .slice(0, bare.startsWith('@') ? 2 : 1)
    .join('/');
  return [{ from, to: name, kind: 'package', dynamic }];
}
