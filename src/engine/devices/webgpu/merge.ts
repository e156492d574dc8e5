import type { AdapterFacts } from './adapter-facts.ts';
import type { Dispatch } from './dispatch.ts';
import { grid } from './grid.ts';

/**
 * Several dispatches that do not depend on one another as one: the first workgroups run the first of them,
 * the next ones the second. That fills a GPU better than one after the other, and costs one dispatch.
 */

/** The entry point of a kernel, taken apart. */
interface Entry {
  /** The text before and after it. */
  readonly before: string;
  readonly body: string;
  readonly size: string;
  /** Attributes that turn off a check. */
  readonly diagnostics: string;
  readonly parameters: readonly { readonly builtin: string; readonly name: string; readonly type: string }[];
}

/** Builtins that mean the same in a workgroup whatever its number is. */
const KNOWN = new Set([
  'workgroup_id',
  'local_invocation_index',
  'local_invocation_id',
  'subgroup_invocation_id',
  'subgroup_size',
]);

const ENTRY =
  /@compute\s+@workgroup_size\(([^)]*)\)\s*((?:@diagnostic\([^)]*\)\s*)*)fn\s+main\s*\(((?:[^()]|\([^()]*\))*)\)\s*\{/;
const PARAMETER = /@builtin\((\w+)\)\s*(\w+)\s*:\s*([\w<>]+)/g;

/** Invocations of a workgroup as the kernel's text has them; null where it cannot be joined with another. */
export function mergeSize({ parts }: Dispatch): string | null {
  return entryOf(parts.module)?.size ?? null;
}

/**
 * All were bound with one another as companions, so that their declarations are the same.
 */
export function merged(dispatches: readonly Dispatch[], adapter: AdapterFacts): Dispatch {
  const [first] = dispatches;
  if (first === undefined) throw new RangeError('nothing to merge');
  if (dispatches.length === 1) return first;
  const entries = dispatches.map(({ parts }) => entryOf(parts.module) as Entry);
  const counts = dispatches.map(({ workgroups: [x, y, z] }) => x * y * z);
  const total = counts.reduce((a, b) => a + b, 0);
  const { workgroups, index } = grid(adapter, total);
  const builtins = new Map(
    [{ builtin: 'workgroup_id', type: 'vec3<u32>' }, ...entries.flatMap(({ parameters }) => parameters)].map(
      ({ builtin, type }) => [builtin, type],
    ),
  );
  const nameOf = (builtin: string) => (builtin === 'workgroup_id' ? 'wid' : `in_${builtin}`);
  const branches: string[] = [];
  let start = 0;
  for (const [
    i,
    {
      workgroups: [x, y],
    },
  ] of dispatches.entries()) {
    const n = start === 0 ? 'number' : `(number - ${start}u)`;
    start += counts[i] as number;
    const own = `vec3<u32>(${n} % ${x}u, ${n} / ${x}u % ${y}u, ${n} / ${x * y}u)`;
    const args = entries[i]?.parameters.map(({ builtin }) =>
      builtin === 'workgroup_id' ? own : nameOf(builtin),
    );
    branches.push(`if (number < ${start}u) { k${i}_main(${args?.join(', ')}); }`);
  }
  const enable = [...new Set(dispatches.flatMap(({ parts }) => parts.enable))];
  const parameters = [...builtins].map(
    ([builtin, type]) => `@builtin(${builtin}) ${nameOf(builtin)} : ${type}`,
  );
  const code = [
    ...enable.map((one) => `enable ${one};`),
    ...first.parts.declarations,
    ...entries.map((entry, i) => renamed(plainFunction(entry), `k${i}_`)),
    `@compute @workgroup_size(${entries[0]?.size}) ${[...new Set(entries.map((one) => one.diagnostics))].join(' ')}
fn main(${parameters.join(', ')}) {
  let number = ${index};
  ${branches.join(' else ')}
}`,
  ].join('\n');
  return {
    label: dispatches.map(({ label }) => label).join(' + '),
    code,
    bindings: [
      ...first.bindings.filter(({ kind }) => kind === 'range'),
      ...dispatches.flatMap(({ bindings }) => bindings.filter(({ kind }) => kind === 'table')),
    ],
    workgroups,
    parts: first.parts,
  };
}

function entryOf(module: string): Entry | null {
  const found = ENTRY.exec(module);
  if (found === null) return null;
  const parameters = [...(found[3] ?? '').matchAll(PARAMETER)].map(
    ([, builtin = '', name = '', type = '']) => ({
      builtin,
      name,
      type,
    }),
  );
  if (parameters.some(({ builtin }) => !KNOWN.has(builtin))) return null;
  return {
    before: module.slice(0, found.index),
    body: module.slice(found.index + found[0].length),
    size: found[1] ?? '',
    diagnostics: found[2] ?? '',
    parameters,
  };
}

function plainFunction({ before, body, parameters, diagnostics }: Entry): string {
  const list = parameters.map(({ name, type }) => `${name} : ${type}`).join(', ');
  return `${before}${diagnostics}fn main(${list}) {${body}`;
}

const DECLARED = /\b(?:fn|alias|struct|const|override|var(?:<[^>]*>)?)\s+(\w+)/g;

/** Gives what the text declares in the module's scope a name of its own; bindings are common to all. */
function renamed(text: string, prefix: string): string {
  const outer = outerText(text).replace(/@group\(0\)[^;]*;/g, '');
  const names = new Set([...outer.matchAll(DECLARED)].map(([, name = '']) => name));
  if (names.size === 0) return text;
  return text.replace(new RegExp(`(?<![.\\w])(?:${[...names].join('|')})\\b`, 'g'), (name) => prefix + name);
}

/** What is not inside of braces. */
function outerText(text: string): string {
  let depth = 0;
  let result = '';
  for (const letter of text) {
    if (letter === '{') depth++;
    if (depth === 0) result += letter;
    if (letter === '}') depth--;
  }
  return result;
}
