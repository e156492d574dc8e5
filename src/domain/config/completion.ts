import type { Position, Range } from '../preflight/report.ts';
import { discriminatorField, type FieldInfo, fieldAt, fieldsOf } from './catalogue.ts';
import { type CursorContext, contextAt } from './context.ts';
import { fieldMarkdown } from './hover.ts';
import { yamlNumber, yamlValue } from './wording.ts';

export interface CompletionItem {
  readonly label: string;
  readonly kind: 'section' | 'field' | 'value';
  /** One line beside the label. */
  readonly detail: string;
  /** Markdown. */
  readonly documentation: string;
  /** In the snippet syntax of editors: `${1:placeholder}`. */
  readonly snippet: string;
  readonly range: Range;
  /** Whether to ask for completions again once this one is in: a field whose values are known. */
  readonly retrigger: boolean;
}

/** What can be written at a position: names that the map does not have yet, or values of a field. */
export function completion(text: string, position: Position): readonly CompletionItem[] {
  const context = contextAt(text, position);
  if (context === null) return [];
  const map = fieldAt(context.path, (path) => variantIn(text, position, context, path));
  if (map === undefined) return [];
  const variant = map.discriminator === null ? null : (context.siblings.get(map.discriminator) ?? null);
  const range: Range = {
    start: { line: position.line, character: context.from },
    end: { line: position.line, character: context.to },
  };
  if (context.at === 'name') return nameItems(map, variant, context, range);
  const field =
    map.discriminator === context.key
      ? discriminatorField(map)
      : fieldsOf(map, variant).get(context.key ?? '');
  return field === undefined ? [] : valueItems(field, range);
}

/** The variant of the map that the cursor is in; of other unions on the way there, none are nested deeper. */
function variantIn(text: string, position: Position, context: CursorContext, path: readonly string[]) {
  if (path.length === context.path.length)
    return context.siblings.get('model_type') ?? context.siblings.get('type') ?? null;
  const outer = contextAt(text, { line: position.line, character: context.from });
  return outer?.siblings.get('model_type') ?? null;
}

function nameItems(
  map: FieldInfo,
  variant: string | null,
  context: CursorContext,
  range: Range,
): CompletionItem[] {
  const fields = [...fieldsOf(map, variant).values()].filter(({ name }) => !context.siblings.has(name));
  return fields.map((info) => {
    const field = info.name === map.discriminator ? discriminatorField(map) : info;
    const section = field.kind === 'map' || (field.kind === 'union' && context.path.length === 0);
    return {
      label: field.name,
      kind: section ? 'section' : 'field',
      detail: detailOf(field),
      documentation: fieldMarkdown(field),
      snippet: context.hasColon ? field.name : field.name + valueSnippet(field, section, context),
      range,
      retrigger: !context.hasColon && !section && (field.kind === 'option' || field.kind === 'boolean'),
    };
  });
}

function valueSnippet(field: FieldInfo, section: boolean, context: CursorContext): string {
  // Editors indent the further lines of a snippet like its first one.
  if (section && !context.flow) return ':\n  $0';
  if (field.kind === 'option' || field.kind === 'boolean') return ': $0';
  const standard = field.standard ?? field.examples[0];
  return standard === undefined ? ': $0' : `: \${1:${escaped(yamlValue(standard))}}$0`;
}

function valueItems(field: FieldInfo, range: Range): CompletionItem[] {
  const values: unknown[] =
    field.kind === 'option'
      ? [...field.options]
      : field.kind === 'boolean'
        ? [true, false]
        : [...(field.standard === undefined ? [] : [field.standard]), ...field.examples];
  if (field.nullable) values.push(null);
  const texts = [...new Set(values.filter((value) => value !== undefined).map(yamlValue))];
  const standard = field.standard === undefined ? null : yamlValue(field.standard);
  return texts.map((label) => ({
    label,
    kind: 'value',
    detail: [label === standard ? 'default' : '', field.values[label] ?? ''].filter(Boolean).join(': '),
    documentation: fieldMarkdown(field),
    snippet: escaped(label),
    range,
    retrigger: false,
  }));
}

function detailOf(field: FieldInfo): string {
  const unit = field.unit === null ? '' : `, ${field.unit}`;
  const { standard } = field;
  if (standard === undefined || typeof standard === 'object') return field.title + unit;
  return `${field.title}${unit} (${typeof standard === 'number' ? yamlNumber(standard) : String(standard)})`;
}

function escaped(text: string): string {
  return text.replaceAll(/[\\$}]/g, '\\$&');
}
