import * as z from 'zod';
import { configSchema } from './schema.ts';

/**
 * The schema as a tree that tools walk: completion, hover text, messages and fixes all read it. It is
 * derived from JSON Schema, which is derived from the zod schema.
 */

export type FieldKind = 'integer' | 'number' | 'string' | 'boolean' | 'option' | 'list' | 'map' | 'union';

export interface FieldInfo {
  readonly path: readonly string[];
  readonly name: string;
  readonly kind: FieldKind;
  readonly title: string;
  readonly description: string;
  readonly unit: string | null;
  /** Undefined where there is none; null where it is null. */
  readonly standard: unknown;
  readonly examples: readonly unknown[];
  readonly aliases: readonly string[];
  readonly nullable: boolean;
  readonly required: boolean;
  /** For an option: the values there are. */
  readonly options: readonly string[];
  /** What they are, in words, where that is known. */
  readonly values: Readonly<Record<string, string>>;
  readonly range: NumberRange | null;
  /** For a map. */
  readonly fields: ReadonlyMap<string, FieldInfo>;
  /** For a union: the field that decides, and what it decides between. */
  readonly discriminator: string | null;
  readonly variants: ReadonlyMap<string, FieldInfo>;
  readonly items: FieldInfo | null;
}

export interface NumberRange {
  readonly least: number | null;
  readonly most: number | null;
  /** Whether the bound itself is left out. */
  readonly aboveLeast: boolean;
  readonly belowMost: boolean;
}

interface JsonSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly values?: Readonly<Record<string, string>>;
  readonly aliases?: readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
}

/** The config language as JSON Schema (2020-12), for other editors and tools. */
export function toJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(configSchema, {
    io: 'input',
    target: 'draft-2020-12',
    override: ({ jsonSchema }) => {
      const { default: standard, oneOf } = jsonSchema;
      if (oneOf === undefined || typeof standard !== 'object' || standard === null) return;
      // Where none is named it is the default one, whose deciding field may therefore be left out.
      for (const [name, value] of Object.entries(standard)) {
        const variant = oneOf.find(({ properties }) => {
          const deciding = properties?.[name];
          return typeof deciding === 'object' && deciding.const === value;
        });
        if (variant?.required !== undefined)
          variant.required = variant.required.filter((one) => one !== name);
      }
    },
  });
}

export const catalogue: FieldInfo = fieldInfo(toJsonSchema() as JsonSchema, [], true);

function fieldInfo(schema: JsonSchema, path: readonly string[], required: boolean): FieldInfo {
  const solid = (schema.anyOf ?? []).filter((option) => option.type !== 'null');
  const nullable = schema.anyOf !== undefined && solid.length < schema.anyOf.length;
  const inner: JsonSchema = nullable && solid.length === 1 ? { ...solid[0], ...schema } : schema;
  const properties = Object.entries(inner.properties ?? {});
  const fields = properties.map(
    ([name, child]) =>
      [name, fieldInfo(child, [...path, name], inner.required?.includes(name) ?? false)] as const,
  );
  const choices = inner.oneOf ?? [];
  const discriminator = discriminatorOf(choices);
  const variants = choices.map(
    (choice) =>
      [String(choice.properties?.[discriminator ?? '']?.const), fieldInfo(choice, path, required)] as const,
  );
  const options = inner.enum ?? (inner.const === undefined ? [] : [inner.const]);
  return {
    path,
    name: path.at(-1) ?? '',
    kind: kindOf(inner, options.length > 0),
    title: inner.title ?? path.at(-1) ?? '',
    description: inner.description ?? '',
    unit: inner.unit ?? null,
    standard: inner.default,
    examples: inner.examples ?? [],
    aliases: inner.aliases ?? [],
    nullable,
    required,
    options: options.map(String),
    values: inner.values ?? {},
    range: rangeOf(inner),
    fields: new Map(fields),
    discriminator,
    variants: new Map(variants),
    items: inner.items === undefined ? null : fieldInfo(inner.items, [...path, '0'], true),
  };
}

function kindOf(schema: JsonSchema, isOption: boolean): FieldKind {
  if (schema.oneOf !== undefined) return 'union';
  if (isOption) return 'option';
  if (schema.type === 'object') return 'map';
  if (schema.type === 'array') return 'list';
  if (schema.type === 'integer' || schema.type === 'number' || schema.type === 'boolean') return schema.type;
  return 'string';
}

function rangeOf(schema: JsonSchema): NumberRange | null {
  if (schema.type !== 'integer' && schema.type !== 'number') return null;
  return {
    least: schema.exclusiveMinimum ?? schema.minimum ?? null,
    most: schema.exclusiveMaximum ?? schema.maximum ?? null,
    aboveLeast: schema.exclusiveMinimum !== undefined,
    belowMost: schema.exclusiveMaximum !== undefined,
  };
}

/** The property that is a constant in every choice. */
function discriminatorOf(choices: readonly JsonSchema[]): string | null {
  const [first, ...rest] = choices;
  const names = Object.keys(first?.properties ?? {});
  const constant = (choice: JsonSchema, name: string) => choice.properties?.[name]?.const !== undefined;
  return names.find((name) => [first, ...rest].every((choice) => choice && constant(choice, name))) ?? null;
}

/** The variant that a union's default picks, such as gpt2. */
export function standardVariant(info: FieldInfo): string | null {
  const standard = info.standard;
  if (info.discriminator === null || typeof standard !== 'object' || standard === null) return null;
  const picked: unknown = Object.entries(standard).find(([key]) => key === info.discriminator)?.[1];
  return typeof picked === 'string' ? picked : null;
}

/**
 * The field at a path, where `variantOf` tells which variant of a union the text has (null: its default).
 * Undefined where there is no such field.
 */
export function fieldAt(
  path: readonly string[],
  variantOf: (path: readonly string[]) => string | null,
): FieldInfo | undefined {
  let info: FieldInfo | undefined = catalogue;
  for (const name of path) {
    const level: FieldInfo | undefined = info;
    if (level?.kind === 'list') info = level.items ?? undefined;
    else info = level === undefined ? undefined : fieldsOf(level, variantOf(level.path)).get(name);
  }
  return info;
}

/** The fields of a map, or of one variant of a union; a union whose variant is unknown has its discriminator alone. */
export function fieldsOf(info: FieldInfo, variant: string | null): ReadonlyMap<string, FieldInfo> {
  if (info.kind !== 'union') return info.fields;
  const chosen = info.variants.get(variant ?? standardVariant(info) ?? '');
  if (chosen !== undefined) return chosen.fields;
  return new Map(info.discriminator === null ? [] : [[info.discriminator, discriminatorField(info)]]);
}

/** The deciding field with all its values, as completion offers it. */
export function discriminatorField(info: FieldInfo): FieldInfo {
  const name = info.discriminator ?? '';
  const one = [...info.variants.values()][0]?.fields.get(name);
  const descriptions = [...info.variants].map(
    ([value, variant]) => `\`${value}\`: ${variant.fields.get(name)?.description ?? ''}`,
  );
  return {
    path: [...info.path, name],
    name,
    kind: 'option',
    title: one?.title ?? name,
    description: [...new Set(descriptions)].join('\n\n'),
    unit: null,
    standard: standardVariant(info) ?? undefined,
    examples: [],
    aliases: [],
    nullable: false,
    required: true,
    options: [...info.variants.keys()],
    values: {},
    range: null,
    fields: new Map(),
    discriminator: null,
    variants: new Map(),
    items: null,
  };
}
