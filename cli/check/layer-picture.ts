import { layers } from './layers.ts';

/** The layers as a Mermaid graph and a table, for docs/architecture.md. An arrow that others imply is left out. */
export function layerPicture(): string {
  const drawn = layers.filter((layer) => layer.name !== 'tests');
  const may = new Map(drawn.map((layer) => [layer.name, layer.may === 'any' ? [] : layer.may]));
  const reach = (from: string): Set<string> =>
    new Set((may.get(from) ?? []).flatMap((to) => [to, ...reach(to)]));
  const arrows = drawn.flatMap((layer) => {
    const direct = may.get(layer.name) ?? [];
    return direct
      .filter((to) => !direct.some((other) => other !== to && reach(other).has(to)))
      .map((to) => `  ${layer.name} --> ${to}`);
  });
  const rows = drawn.map(
    (layer) =>
      `| ${layer.name} | ${layer.may === 'any' ? 'anything' : layer.may.join(', ') || 'nothing'} | ${layer.about} |`,
  );
  return [
    '```mermaid',
    'graph TD',
    '  roots -.-> studio & workers & collab & storage & devices & server',
    ...arrows,
    '```',
    '',
    '| layer | may import | what it is |',
    '|---|---|---|',
    ...rows,
  ].join('\n');
}
