import type { FieldInfo } from './catalogue.ts';
import { either, yamlNumber } from './wording.ts';

/** What a field takes, in words: "a whole number from 1 to 256". */
export function expectation(info: FieldInfo): string {
  const orNull = info.nullable ? ', or null' : '';
  switch (info.kind) {
    case 'integer':
    case 'number':
      return `${info.kind === 'integer' ? 'a whole number' : 'a number'}${rangeInWords(info)}${orNull}`;
    case 'boolean':
      return `true or false${orNull}`;
    case 'option':
      return `${either(info.options)}${orNull}`;
    case 'string':
      return `a text${orNull}`;
    case 'list':
      return `a list${info.items === null ? '' : `, each item ${expectation(info.items)}`}`;
    case 'union':
      return `fields with ${info.discriminator}: ${either([...info.variants.keys()])}`;
    case 'map':
      return 'fields, each on a line of its own, indented';
  }
}

export function rangeInWords({ range }: FieldInfo): string {
  if (range === null) return '';
  const { least, most } = range;
  const parts = [
    least === null
      ? ''
      : range.aboveLeast
        ? ` above ${yamlNumber(least)}`
        : ` of at least ${yamlNumber(least)}`,
    most === null ? '' : range.belowMost ? ` below ${yamlNumber(most)}` : ` at most ${yamlNumber(most)}`,
  ].filter((part) => part !== '');
  return parts.join(' and');
}
