import type { ModelConfig } from '../../engine/training/spec.ts';
import { removeField, setField } from '../config/edit.ts';
import type { ModelSection } from '../config/schema.ts';
import type { TextEdit } from '../preflight/report.ts';

/** A field of the model section that says something else than the model that a run is to start from. */
export interface Misfit {
  readonly field: string;
  readonly config: unknown;
  readonly model: unknown;
}

/** How a model is trained, not what it is: these may differ from what it was trained with before. */
const FREE: ReadonlySet<string> = new Set([
  'embd_pdrop',
  'attn_pdrop',
  'resid_pdrop',
  'attention_dropout',
  'initializer_range',
]);

/** Where a config describes another model than the given one; empty where that one can be trained on by it. */
export function misfits(section: ModelSection, model: ModelConfig): readonly Misfit[] {
  const said = Object.entries(section);
  if (section.model_type !== model.model_type) {
    return [{ field: 'model_type', config: section.model_type, model: model.model_type }];
  }
  const has = new Map<string, unknown>(Object.entries(model));
  return said.flatMap(([field, value]): Misfit[] => {
    // Left out, it is what follows from the others, or from the tokenizer.
    if (FREE.has(field) || value === undefined) return [];
    if (value === null && follows(field, model)) return [];
    const theirs = has.get(field) ?? null;
    return value === theirs ? [] : [{ field, config: value, model: theirs }];
  });
}

/** "n_embd is 128 here and 16 in the model" for each. */
export function describeMisfits(found: readonly Misfit[]): string {
  return found
    .map(
      ({ field, config, model }) =>
        `${field} is ${config ?? 'left out'} here and ${model ?? 'left out'} in the model`,
    )
    .join('; ');
}

/**
 * The edits, to be applied one after the other, each on the text that the one before has left, that make
 * the model section describe the model. Each is null where the section cannot be edited.
 */
export function fitEdits(
  section: ModelSection,
  model: ModelConfig,
): readonly ((text: string) => readonly TextEdit[] | null)[] {
  const has = new Map<string, unknown>(Object.entries(model));
  const steps: ((text: string) => readonly TextEdit[] | null)[] = [];
  const set = (field: string, value: unknown): void => {
    const path = ['model', field];
    steps.push((text) => (value == null ? removeField(text, path) : setField(text, path, value)));
  };
  if (section.model_type === model.model_type) {
    for (const { field, model: value } of misfits(section, model)) set(field, value);
    return steps;
  }
  // Another kind of model has other fields: none of the old ones would be known.
  for (const field of Object.keys(section)) if (!has.has(field)) set(field, null);
  for (const [field, value] of has) if (field !== 'vocab_size' && !FREE.has(field)) set(field, value);
  set('vocab_size', null);
  return steps;
}

/** Whether what a field is when left out is what the model has. */
function follows(field: string, model: ModelConfig): boolean {
  if (model.model_type === 'gpt2')
    return field === 'n_inner' && (model.n_inner ?? 4 * model.n_embd) === 4 * model.n_embd;
  if (field === 'num_key_value_heads') return model.num_key_value_heads === model.num_attention_heads;
  const size = model.hidden_size / model.num_attention_heads;
  return field === 'head_dim' && (model.head_dim ?? size) === size;
}
