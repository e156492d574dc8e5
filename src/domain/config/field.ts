import * as z from 'zod';

/**
 * What a field says of itself. Completion, hover text, JSON Schema and messages read it; nothing of it
 * is written a second time.
 */
export interface FieldMeta {
  readonly title: string;
  /** One or two sentences for a newcomer: what it does and when to change it. Markdown. */
  readonly description: string;
  /** What one unit of the number is: "tokens", "updates". */
  readonly unit?: string;
  readonly examples?: readonly unknown[];
  /** Of a choice: what each value is, in a few words. */
  readonly values?: Readonly<Record<string, string>>;
  /** What other tools call it; only for "did you mean". */
  readonly aliases?: readonly string[];
}

export function field<S extends z.ZodType>(schema: S, meta: FieldMeta): S {
  const { examples, aliases, values, ...rest } = meta;
  return schema.meta({
    ...rest,
    ...(examples === undefined ? {} : { examples: [...examples] }),
    ...(values === undefined ? {} : { values: { ...values } }),
    ...(aliases === undefined ? {} : { aliases: [...aliases] }),
  }) as S;
}

/** A whole number in [least, most]. */
export function whole(least: number, most: number) {
  return z.int().min(least).max(most);
}

/** A number in [least, most]. */
export function between(least: number, most: number) {
  return z.number().min(least).max(most);
}

/** A number in [0, 1): a share that may not be all. */
export function share() {
  return z.number().min(0).lt(1);
}

/** A number above 0 and at most `most`. */
export function above0(most: number) {
  return z.number().gt(0).max(most);
}
