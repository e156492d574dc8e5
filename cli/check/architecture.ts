import { type Import, importsOf, sourceFiles } from './imports.ts';
import { type Layer, layers, screenOf } from './layers.ts';

/** What breaks the rules of layers.ts, a sentence each; empty when nothing does. */
export function architectureFaults(): string[] {
  const files = sourceFiles();
  const imports = new Map(files.map((path) => [path, importsOf(path)]));
  return [
    ...files.filter((path) => layerOf(path) === undefined).map((path) => `${path} belongs to no layer.`),
    ...[...imports.values()].flat().flatMap(faultOf),
    ...cycles(imports),
  ];
}

function layerOf(path: string): Layer | undefined {
  return layers.find((layer) => layer.pattern.test(path));
}

function faultOf(one: Import): string[] {
  const from = layerOf(one.from);
  if (from === undefined || from.may === 'any') return [];
  if (one.kind === 'builtin') {
    const hosted = ['server', 'storage', 'devices'].includes(from.name);
    return hosted ? [] : [`${one.from} imports ${one.to}: ${from.name} runs in the browser too.`];
  }
  if (one.kind === 'package') {
    if (from.packages === 'any' || from.packages.includes(one.to)) return [];
    return [`${one.from} imports the package ${one.to}, which ${from.name} may not.`];
  }
  const to = layerOf(one.to);
  if (to === undefined) return [];
  const [a, b] = [screenOf(one.from), screenOf(one.to)];
  if (a !== undefined && b !== undefined && a !== b)
    return [`${one.from} imports another screen: ${one.to}.`];
  // A screen reads what the root hands it through contexts declared in src/studio/app.
  if (from.name === 'studio' && one.to.startsWith('src/studio/app/')) return [];
  if (to === from || from.may.includes(to.name)) return [];
  return [`${one.from} (${from.name}) may not import ${one.to} (${to.name}).`];
}

/** Import cycles between files; what is loaded when called makes none. */
function cycles(imports: ReadonlyMap<string, readonly Import[]>): string[] {
  const state = new Map<string, 'open' | 'done'>();
  const stack: string[] = [];
  const found: string[] = [];
  const visit = (path: string): void => {
    state.set(path, 'open');
    stack.push(path);
    for (const one of imports.get(path) ?? []) {
      if (one.kind !== 'file' || one.dynamic) continue;
      const seen = state.get(one.to);
      if (seen === 'open')
        found.push(`Cycle: ${[...stack.slice(stack.indexOf(one.to)), one.to].join(' -> ')}`);
      else if (seen === undefined) visit(one.to);
    }
    stack.pop();
    state.set(path, 'done');
  };
  for (const path of imports.keys()) if (!state.has(path)) visit(path);
  return found;
}
