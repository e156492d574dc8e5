import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';
import { root, sourceFiles } from './imports.ts';

interface Row {
  readonly code: string;
  readonly title: string;
  readonly fix: string;
}

/**
 * All error codes as a table, read from the `defineErrors` calls in the sources, so that nothing has to
 * be registered. Throws when a code is given twice.
 */
export function errorIndex(): string {
  const rows = sourceFiles()
    .filter(
      (path) => !path.endsWith('.test.ts') && !path.startsWith('cli/check/') && path !== 'src/base/error.ts',
    )
    .flatMap(declaredIn)
    .sort((a, b) => a.code.localeCompare(b.code));
  const twice = rows.find((row, i) => rows[i + 1]?.code === row.code);
  if (twice) throw new Error(`${twice.code} is declared twice.`);
  const cells = rows.map((row) => `| ${row.code} | ${cell(row.title)} | ${cell(row.fix)} |`);
  return ['| code | what is wrong | what to do |', '|---|---|---|', ...cells].join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

type Tree = { readonly type?: string; readonly [key: string]: unknown };

function declaredIn(path: string): Row[] {
  const text = readFileSync(join(root, path), 'utf8');
  if (!text.includes('defineErrors(')) return [];
  const rows: Row[] = [];
  walk(parseSync(path, text).program as unknown as Tree, (node) => {
    if (node.type !== 'CallExpression' || (node.callee as Tree).name !== 'defineErrors') return;
    const [area, table] = node.arguments as Tree[];
    if (area === undefined || table === undefined) return;
    for (const property of (table.properties ?? []) as Tree[]) {
      const fields = new Map(
        (((property.value as Tree).properties ?? []) as Tree[]).map((field) => [
          (field.key as Tree).name,
          literal(field.value as Tree),
        ]),
      );
      const code = `ANN-${literal(area)}-${String(fields.get('number')).padStart(3, '0')}`;
      rows.push({ code, title: String(fields.get('title')), fix: String(fields.get('fix')) });
    }
  });
  return rows;
}

/** The value of a literal, of strings joined by +, or of a template without holes. */
function literal(node: Tree): string {
  if (node.type === 'BinaryExpression') return literal(node.left as Tree) + literal(node.right as Tree);
  if (node.type === 'TemplateLiteral')
    return (node.quasis as { readonly value: { readonly cooked: string } }[])
      .map((q) => q.value.cooked)
      .join('...');
  return String(node.value);
}

function walk(node: unknown, visit: (node: Tree) => void): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit);
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node) visit(node as Tree);
    for (const value of Object.values(node)) walk(value, visit);
  }
}
