import type { ModelConfig } from '../training/spec.ts';

/** What the card tells of the run; what is not known is null and left out. */
export interface CardFacts {
  readonly name: string;
  readonly parameters: number;
  /** The config as it was trained, YAML. */
  readonly config: string | null;
  readonly steps: number;
  readonly loss: number | null;
  readonly val_loss: number | null;
  /** In words, such as "stories" or a file's name. */
  readonly data: string | null;
  readonly data_sha256: string | null;
  readonly tokens_seen: number | null;
  readonly device: string | null;
  readonly seed: number | null;
  readonly program_version: string;
  /** ISO 8601. */
  readonly date: string | null;
  /** Such as `gpt2`, when the run went on from another model. */
  readonly base_model: string | null;
  readonly sample: string | null;
}

/** README.md of a model folder: front matter that the Hugging Face hub reads, then the run's facts. */
export function modelCard(model: ModelConfig, facts: CardFacts): string {
  const front = [
    '---',
    'library_name: transformers',
    'pipeline_tag: text-generation',
    ...(facts.base_model === null ? [] : [`base_model: ${JSON.stringify(facts.base_model)}`]),
    'tags:',
    '- anneal',
    `- ${model.model_type}`,
    '- text-generation',
    ...(facts.val_loss === null ? [] : modelIndex(facts, facts.val_loss)),
    '---',
  ];
  const rows: [string, string | number | null][] = [
    ['Architecture', model.model_type],
    ['Parameters', facts.parameters.toLocaleString('en-US')],
    ['Context', model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings],
    ['Vocabulary', model.vocab_size],
    ['Data', facts.data],
    ['SHA-256 of the data', facts.data_sha256],
    ['Updates', facts.steps],
    ['Tokens seen', facts.tokens_seen === null ? null : facts.tokens_seen.toLocaleString('en-US')],
    ['Training loss', facts.loss],
    ['Validation loss', facts.val_loss],
    ['Perplexity', facts.val_loss === null ? null : Number(Math.exp(facts.val_loss).toPrecision(4))],
    ['Seed', facts.seed],
    ['Device', facts.device],
    ['Trained with', `Anneal ${facts.program_version}`],
    ['Date', facts.date],
  ];
  const known = rows.filter((row): row is [string, string | number] => row[1] !== null);
  return [
    ...front,
    '',
    `# ${oneLine(facts.name)}`,
    '',
    '| | |',
    '|---|---|',
    ...known.map(([name, value]) => `| ${name} | ${oneLine(String(value)).replaceAll('|', '\\|')} |`),
    '',
    '## Use',
    '',
    fenced(
      [
        'from transformers import AutoModelForCausalLM, AutoTokenizer',
        '',
        'tokenizer = AutoTokenizer.from_pretrained(".")',
        'model = AutoModelForCausalLM.from_pretrained(".")',
        'inputs = tokenizer("Once", return_tensors="pt", return_token_type_ids=False)',
        'print(tokenizer.decode(model.generate(**inputs)[0]))',
      ].join('\n'),
      'python',
    ),
    ...(facts.sample === null ? [] : ['', '## Sample', '', fenced(facts.sample, 'text')]),
    ...(facts.config === null ? [] : ['', '## Config', '', fenced(facts.config, 'yaml')]),
    '',
  ].join('\n');
}

function modelIndex(facts: CardFacts, loss: number): string[] {
  return [
    'model-index:',
    `- name: ${JSON.stringify(oneLine(facts.name))}`,
    '  results:',
    '  - task:',
    '      type: text-generation',
    '    dataset:',
    `      name: ${JSON.stringify(facts.data ?? 'text')}`,
    '      type: text',
    '    metrics:',
    '    - type: loss',
    `      value: ${loss}`,
  ];
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

/** A fence longer than any run of backticks inside, so that no text can end it. */
function fenced(text: string, language: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${text.trimEnd()}\n${fence}`;
}
