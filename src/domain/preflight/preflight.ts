import { toAnnealError } from '../../base/error.ts';
import { memoryOfDevice } from '../../engine/training/device-memory.ts';
import { configErrors } from '../config/errors.ts';
import { inOrder, type Reading, readConfig } from '../config/read.ts';
import { dataFacts, modelVocabulary, profileFor } from '../plan/data-facts.ts';
import { sizesOf } from '../plan/model.ts';
import { createPlanner, type Plan, type Planner } from '../plan/step-plan.ts';
import { tokensPerStep, toTrainingSpec, updates } from '../plan/training-spec.ts';
import { vary } from '../plan/variations.ts';
import { annotationsOf, estimateOf, UNKNOWN } from './estimate.ts';
import { type Facts, finding } from './facts.ts';
import type { Diagnostic, PreflightReport, Profiles } from './report.ts';
import { dataRules } from './rules/data.ts';
import { deviceRules } from './rules/device.ts';
import { learningRateRules } from './rules/learning-rate.ts';
import { runRules } from './rules/run.ts';
import { STAND_IN_VOCABULARY, shapeRules } from './rules/shape.ts';

export type Preflight = (text: string, profiles: Profiles) => PreflightReport;

/** Checks a config and says what it costs: the same answer for the same inputs, everywhere. Never throws. */
export function preflight(text: string, profiles: Profiles): PreflightReport {
  return createPreflight()(text, profiles);
}

/** The same function with a memory for plans: an edit that leaves the plan's inputs as they were does not plan. */
export function createPreflight(anyPlanner: Planner = createPlanner()): Preflight {
  return (text, profiles) => {
    const reading = readConfig(text);
    const facts = factsOf(reading, profiles);
    const memory = memoryOfDevice(profiles.device?.name ?? facts.config.training.device);
    const planner: Planner = (config, vocab_size) => anyPlanner(config, vocab_size, memory);
    const vocabulary = modelVocabulary(facts.config, facts.data);
    const sound = !reading.unsound.has('model');
    const planned = planOf(facts, vocabulary, planner);
    const plan = 'issues' in planned ? planned : null;
    const problems = 'issues' in planned ? [] : [planned];
    const known = plan !== null && vocabulary !== null && plan.issues.length === 0;
    const estimate = sound ? estimateOf(facts, known ? plan : null) : UNKNOWN;
    const diagnostics = inOrder([
      ...reading.diagnostics,
      ...problems,
      ...rules(facts).filter(
        ({ range }) => !overlapsProblem(reading, range.start.line, range.start.character),
      ),
      ...(plan === null ? [] : shapeRules(facts, plan.issues, planner)),
      ...(known && sound ? deviceRules(facts, plan, planner, vocabulary) : []),
    ]);
    const broken = diagnostics.some(({ severity }) => severity === 'error');
    const readingFine = reading.diagnostics.length === 0;
    return {
      diagnostics,
      estimate,
      annotations: annotationsOf(facts, estimate),
      readable: reading.parsed.whole,
      config: readingFine ? facts.config : null,
      spec:
        broken || vocabulary === null
          ? null
          : toTrainingSpec(facts.config, { vocab_size: vocabulary, train_tokens: facts.data.train_tokens }),
    };
  };
}

function factsOf(reading: Reading, profiles: Profiles): Facts {
  const { config } = reading;
  const profile = profileFor(config, profiles.data);
  const data = dataFacts(config, profile);
  return {
    reading,
    config,
    profiles,
    profile,
    data,
    sizes: sizesOf(config.model),
    max_steps: updates(config, data.train_tokens),
    tokens_per_step: tokensPerStep(config),
  };
}

function rules(facts: Facts): Diagnostic[] {
  return [...runRules(facts), ...dataRules(facts), ...learningRateRules(facts)];
}

/** A rule about a field whose value is wrong anyway has nothing to say. */
function overlapsProblem(reading: Reading, line: number, character: number): boolean {
  return reading.diagnostics.some(
    ({ range: { start } }) => start.line === line && start.character === character,
  );
}

/** The plan; where the vocabulary is not known, of one layer and a stand-in, for its shapes alone. */
function planOf(
  { reading, config, sizes }: Facts,
  vocabulary: number | null,
  planner: Planner,
): Plan | Diagnostic {
  try {
    if (vocabulary !== null) return planner(config, vocabulary);
    return planner(vary(config, { [`model.${sizes.layers.field}`]: 1 }), STAND_IN_VOCABULARY);
  } catch (thrown) {
    const { message } = toAnnealError(thrown, configErrors.planFailed);
    return finding(reading, configErrors.planFailed, { at: 'model', message });
  }
}
