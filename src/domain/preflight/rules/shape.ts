import { type Dim, formatDim, type ShapeIssue, symbolsOf } from '../../../engine/graph/dim.ts';
import { fieldAt } from '../../config/catalogue.ts';
import { configErrors } from '../../config/errors.ts';
import { fits } from '../../config/suggest.ts';
import { getAt } from '../../config/values.ts';
import { sizesOf } from '../../plan/model.ts';
import type { Planner } from '../../plan/step-plan.ts';
import { vary } from '../../plan/variations.ts';
import { type Facts, finding, setting } from '../facts.ts';
import type { Diagnostic, Fix } from '../report.ts';

/**
 * What the graph found while it was built, as diagnostics. Nothing here knows a model: the rule, its
 * fields and its reasons come from the graph, and a fix is a value with which the graph builds.
 */
export function shapeRules(facts: Facts, issues: readonly ShapeIssue[], plan: Planner): Diagnostic[] {
  return issues
    .filter((issue) => !fieldsOf(issue, facts).some((path) => facts.reading.wrong.has(path)))
    .map((issue) => diagnostic(facts, issue, issues, plan));
}

/** The whole reach of the search for legal values, around the present one. */
const REACH = 4096;
/** Values that are tried with a graph of their own, per direction. */
const TRIALS = 3;

function diagnostic(
  facts: Facts,
  issue: ShapeIssue,
  issues: readonly ShapeIssue[],
  plan: Planner,
): Diagnostic {
  const fields = fieldsOf(issue, facts);
  const at = fields.find((path) => facts.reading.places.has(path)) ?? fields[0] ?? 'model';
  return finding(facts.reading, configErrors.shape, {
    at,
    message: sentence(issue),
    because: issue.because,
    fixes: [at, ...fields.filter((path) => path !== at)].flatMap((path) =>
      legalValues(facts, path, issue, issues, plan).map((value): Fix | null =>
        setting(facts.reading, path === at ? `Use ${value}` : `Set ${path.split('.').at(-1)} to ${value}`, {
          [path]: value,
        }),
      ),
    ),
  });
}

function sentence({ rule, left, right, scope, because }: ShapeIssue): string {
  const [a, b] = [withValue(left), withValue(right)];
  const relation = {
    divisible: `${a} is not a multiple of ${b}`,
    equal: `${a} and ${b} must be equal`,
    positive: `${a} must be a whole number from 1 on`,
    at_most: `${a} is more than ${b}`,
  }[rule];
  const reason = because.at(-1);
  return `${relation}${scope === '' ? '' : ` (in ${scope})`}${reason === undefined ? '' : `: ${reason}`}.`;
}

function withValue(dim: Dim): string {
  const text = formatDim(dim);
  return text === String(dim.value) ? text : `${text} (${dim.value})`;
}

/** Paths of the config fields that an issue is about, those of its left side first. */
function fieldsOf({ left, right }: ShapeIssue, { config }: Facts): string[] {
  const names = [...new Set([...numeratorFirst(left), ...numeratorFirst(right)])];
  return names.flatMap((name) => {
    if (typeof getAt(config.model, [name]) === 'number') return [`model.${name}`];
    return typeof getAt(config.training, [name]) === 'number' ? [`training.${name}`] : [];
  });
}

/** In n_embd / n_head, n_embd comes first: it is what one would rather change. */
function numeratorFirst(dim: Dim): string[] {
  const power = (name: string) => Math.max(...dim.terms.map(({ powers }) => powers[name] ?? -Infinity));
  return [...symbolsOf(dim)].sort((a, b) => power(b) - power(a));
}

/** The nearest values below and above with which the rule holds and no other breaks. */
function legalValues(
  facts: Facts,
  path: string,
  issue: ShapeIssue,
  issues: readonly ShapeIssue[],
  plan: Planner,
): number[] {
  const { config, reading, data } = facts;
  const [section = '', name = ''] = path.split('.');
  const info = fieldAt(
    [section, name],
    (at) => reading.variants.get(at.join('.')) ?? config.model.model_type,
  );
  const now = getAt(config, [section, name]);
  if (info === undefined || typeof now !== 'number') return [];
  const others = new Set(issues.map(ruleOf));
  others.delete(ruleOf(issue));
  const { layers } = sizesOf(config.model);
  const vocabulary = config.model.vocab_size ?? data.tokenizer_vocab_size ?? STAND_IN_VOCABULARY;
  const holds = (value: number): boolean => {
    // The rules are the same in every layer, so one is enough to try them.
    const one = vary(config, { [`model.${layers.field}`]: 1, [path]: value });
    return plan(one, vocabulary).issues.every((left) => others.has(ruleOf(left)));
  };
  const found: number[] = [];
  for (const direction of [-1, 1]) {
    let trials = 0;
    for (let step = 1; step <= REACH && trials < TRIALS; step++) {
      const value = now + direction * step;
      if (!fits(value, info)) break;
      if (!satisfied(issue, name, value, config)) continue;
      trials++;
      if (!holds(value)) continue;
      found.push(value);
      break;
    }
  }
  return found;
}

/** What makes two issues the same, whatever their values. */
function ruleOf({ rule, left, right }: ShapeIssue): string {
  return `${rule} ${formatDim(left)} ${formatDim(right)}`;
}

/** No rule is about how large a vocabulary is; only whether it is there. */
export const STAND_IN_VOCABULARY = 512;

/** Whether a rule holds once one field has another value, by its polynomials; true where they cannot tell. */
function satisfied(
  { rule, left, right }: ShapeIssue,
  name: string,
  value: number,
  config: Facts['config'],
): boolean {
  const [a, b] = [valueWith(left, name, value, config), valueWith(right, name, value, config)];
  if (a === null || b === null) return true;
  switch (rule) {
    case 'divisible':
      return b !== 0 && Number.isInteger(a / b);
    case 'equal':
      return a === b;
    case 'positive':
      return a > 0 && Number.isInteger(a);
    case 'at_most':
      return a <= b;
  }
}

function valueWith(dim: Dim, name: string, value: number, config: Facts['config']): number | null {
  let total = 0;
  for (const { coefficient, powers } of dim.terms) {
    let term = coefficient;
    for (const [symbol, power] of Object.entries(powers)) {
      const known =
        symbol === name ? value : (getAt(config.model, [symbol]) ?? getAt(config.training, [symbol]));
      if (typeof known !== 'number') return null;
      term *= known ** power;
    }
    total += term;
  }
  return total;
}
