import type { Access, BoundTensor } from './dispatch.ts';
import { halfAccess } from './half-access.ts';
import type { Scalar, Vector } from './wanted.ts';

/** WGSL text for reaching tensors in their bindings: directly where it can be, else through a function. */

export interface GroupVariables {
  readonly name: string;
  readonly pieces: readonly { readonly index: number; readonly access: Access; readonly bytes: number }[];
  /** As what the group's tensors are reached; offsets in words of 4 bytes from the group's start. */
  readonly uses: readonly { readonly scalar: Scalar; readonly vector: Vector; readonly offset: number }[];
}

export interface TensorUse {
  /** Prefix for functions of its own. */
  readonly id: string;
  readonly group: number;
  readonly scalar: Scalar;
  readonly vector: Vector;
  /** In words. */
  readonly offset: number;
  /** In elements. */
  readonly row_stride: number;
  /** In elements from `offset` on. */
  readonly starts: readonly number[];
}

/** What an array of words is declared as. */
interface GroupType {
  readonly scalar: Exclude<Scalar, 'f16'>;
  readonly vector: Vector;
}

export function accessors(groups: readonly GroupVariables[]) {
  const types = groups.map(typeOf);
  const declarations = groups.flatMap((group, i) => declare(group, types[i] as GroupType));
  const load = (group: number, index: string): string => {
    const { name, pieces } = groups[group] as GroupVariables;
    return pieces.length === 1 ? `b${pieces[0]?.index}[${index}]` : `${name}_load(${index})`;
  };
  const store = (group: number, index: string, value: string): string => {
    const { name, pieces } = groups[group] as GroupVariables;
    return pieces.length === 1
      ? `b${pieces[0]?.index}[${index}] = ${value};`
      : `${name}_store(${index}, ${value});`;
  };

  const tensorAccess = (use: TensorUse, text: string[]): BoundTensor => {
    const { id, group, scalar, vector, offset } = use;
    const type = types[group] as GroupType;
    const common = {
      type: wgslType({ scalar: scalar === 'f16' ? 'f32' : scalar, vector }),
      vector,
      words: null,
      row_stride: use.row_stride / vector,
      starts: use.starts.map((start) => start / vector),
    };
    const writable = groups[group]?.pieces.every(({ access }) => access === 'read_write') ?? false;
    if (scalar === 'f16') {
      const words = {
        load: (at: string) => load(group, at),
        store: (at: string, value: string) => store(group, at, value),
        vector: type.vector,
        writable,
      };
      return { ...common, ...halfAccess(use, words, text) };
    }
    if (type.scalar === scalar && type.vector === vector) {
      const at = (index: string) => plus(index, offset / vector);
      return {
        ...common,
        load: (index) => load(group, at(index)),
        store: (index, value) => store(group, at(index), value),
      };
    }
    const lanes = Array.from({ length: vector }, (_, lane) => plus('e', lane));
    const parts = lanes.map((lane) => bits(scalar, type.scalar, load(group, lane)));
    const whole = vector === 1 ? parts[0] : `${common.type}(${parts.join(', ')})`;
    const start = `let e = ${plus(vector === 1 ? 'i' : `i * ${vector}u`, offset)};`;
    text.push(`fn ${id}_load(i : u32) -> ${common.type} { ${start} return ${whole}; }`);
    if (writable) {
      const stores = lanes.map((lane, i) =>
        store(group, lane, bits(type.scalar, scalar, vector === 1 ? 'v' : `v[${i}]`)),
      );
      text.push(`fn ${id}_store(i : u32, v : ${common.type}) { ${start} ${stores.join(' ')} }`);
    }
    return {
      ...common,
      load: (index) => `${id}_load(${index})`,
      store: (index, value) => `${id}_store(${index}, ${value});`,
    };
  };

  const tableAccess = (index: number, length: number, text: string[]): BoundTensor => {
    text.push(`@group(0) @binding(${index}) var<storage, read> b${index} : array<u32, ${length}>;`);
    return {
      type: 'u32',
      vector: 1,
      words: null,
      row_stride: length,
      starts: [0],
      load: (at) => `b${index}[${at}]`,
      store: () => {
        throw new RangeError('a table is never written');
      },
    };
  };
  return { declarations, tensorAccess, tableAccess };
}

/** What all uses agree on, else single elements, else bits. */
function typeOf({ uses }: GroupVariables): GroupType {
  const [first] = uses;
  if (first === undefined) return { scalar: 'f32', vector: 1 };
  const { scalar, vector } = wordsOf(first);
  if (uses.some((use) => wordsOf(use).scalar !== scalar)) return { scalar: 'u32', vector: 1 };
  const together = uses.every((use) => wordsOf(use).vector === vector && use.offset % vector === 0);
  return { scalar, vector: together ? vector : 1 };
}

/** The words that hold a tensor's element or vector: of a half the word that it shares. */
function wordsOf({ scalar, vector }: { readonly scalar: Scalar; readonly vector: Vector }): GroupType {
  if (scalar !== 'f16') return { scalar, vector };
  return { scalar: 'u32', vector: vector === 4 ? 2 : 1 };
}

function wgslType({ scalar, vector }: GroupType): string {
  return vector === 1 ? scalar : `vec${vector}<${scalar}>`;
}

function declare({ name, pieces, uses }: GroupVariables, type: GroupType): string[] {
  const element = wgslType(type);
  const lengths = pieces.map(({ bytes }) => Math.floor(bytes / 4 / type.vector));
  const lines = pieces.map(
    ({ index, access }, i) =>
      `@group(0) @binding(${index}) var<storage, ${access}> b${index} : array<${element}, ${lengths[i]}>;`,
  );
  if (pieces.length === 1 || uses.length === 0) return lines;
  const last = pieces.length - 1;
  const each = (statement: (variable: string) => string): string => {
    let start = 0;
    return pieces
      .map(({ index }, i) => {
        const text = statement(`b${index}[${start === 0 ? 'e' : `e - ${start}u`}]`);
        start += lengths[i] as number;
        return i === last ? text : `if (e < ${start}u) { ${text} }`;
      })
      .join(' ');
  };
  lines.push(`fn ${name}_load(e : u32) -> ${element} { ${each((place) => `return ${place};`)} }`);
  if (pieces.every(({ access }) => access === 'read_write')) {
    const body = each((place) => `${place} = v; return;`);
    lines.push(`fn ${name}_store(e : u32, v : ${element}) { ${body} }`);
  }
  return lines;
}

function plus(index: string, offset: number): string {
  return offset === 0 ? index : `${index} + ${offset}u`;
}

function bits(to: Scalar, from: Scalar, value: string): string {
  return to === from ? value : `bitcast<${to}>(${value})`;
}
