import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorIndex } from './error-index.ts';
import { root } from './imports.ts';
import { layerPicture } from './layer-picture.ts';
import { openOperations, roleTable, scopeTable } from './role-table.ts';

/** Parts of pages that are written by the program, between two marker lines. */
const parts = [
  { file: 'docs/architecture.md', name: 'layers', text: layerPicture },
  { file: 'docs/errors.md', name: 'errors', text: errorIndex },
  { file: 'docs/access.md', name: 'roles', text: roleTable },
  { file: 'docs/access.md', name: 'scopes', text: scopeTable },
  { file: 'docs/access.md', name: 'open', text: openOperations },
] as const;

function withPart(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`The markers of "${name}" are missing.`);
  return `${page.slice(0, from + begin.length)}\n${text}\n${page.slice(to)}`;
}

/** Pages whose generated part is not what the program would write now. */
export function generatedFaults(): string[] {
  return parts.flatMap(({ file, name, text }) => {
    const page = readFileSync(join(root, file), 'utf8');
    return withPart(page, name, text()) === page
      ? []
      : [`${file} is out of date: run node cli/check/generated.ts`];
  });
}

if (import.meta.main) {
  for (const { file, name, text } of parts) {
    const path = join(root, file);
    writeFileSync(path, withPart(readFileSync(path, 'utf8'), name, text()));
  }
}
