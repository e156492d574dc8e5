import { configErrors } from '../../config/errors.ts';
import { BUILT_IN_SOURCE } from '../../config/schema.ts';
import { nearest } from '../../config/suggest.ts';
import { shorten, thousands } from '../../config/wording.ts';
import { effectiveBatch } from '../../plan/training-spec.ts';
import { type Facts, finding, given, removing, setting } from '../facts.ts';
import type { Diagnostic } from '../report.ts';

/** The run against the data that there is. What is unknown is not judged. */
export function dataRules(facts: Facts): Diagnostic[] {
  return [
    ...source(facts),
    ...tokenizerFile(facts),
    ...fewerTokens(facts),
    ...vocabulary(facts),
    ...stale(facts),
    ...amounts(facts),
    ...validation(facts),
    ...prompt(facts),
  ];
}

function source({ reading, config, profiles, profile }: Facts): Diagnostic[] {
  const { sources } = profiles;
  const { source } = config.data;
  if (sources === null || profile !== null || source === BUILT_IN_SOURCE || sources.includes(source))
    return [];
  const near = nearest(source, [BUILT_IN_SOURCE, ...sources]);
  return [
    finding(reading, configErrors.unknownSource, {
      at: 'data.source',
      message: `There is no file "${shorten(source, 60)}" in the project, and no corpus of that name is built in.`,
      fixes: [...new Set([...near, BUILT_IN_SOURCE])].map((name) =>
        setting(reading, `Use ${name}`, { 'data.source': name }),
      ),
    }),
  ];
}

function tokenizerFile({ reading, config, profiles, data }: Facts): Diagnostic[] {
  const { tokenizer } = config.data;
  const { sources } = profiles;
  if (tokenizer.type !== 'file' || sources === null || data.tokenizer_vocab_size !== null) return [];
  if (sources.includes(tokenizer.path)) return [];
  const at = 'data.tokenizer.path';
  return [
    finding(reading, configErrors.unknownSource, {
      at,
      message: `There is no file "${shorten(tokenizer.path, 60)}" in the project.`,
      fixes: [
        ...nearest(tokenizer.path, sources).map((name) => setting(reading, `Use ${name}`, { [at]: name })),
        setting(reading, 'Train one on the text', { 'data.tokenizer': { type: 'bpe', vocab_size: 512 } }),
      ],
    }),
  ];
}

/** A short text has fewer pairs to merge than were asked for. */
function fewerTokens({ reading, config, data }: Facts): Diagnostic[] {
  const { tokenizer } = config.data;
  const made = data.tokenizer_vocab_size;
  if (tokenizer.type !== 'bpe' || made === null || made >= tokenizer.vocab_size) return [];
  return [
    finding(reading, configErrors.unusedSetting, {
      severity: 'info',
      at: 'data.tokenizer.vocab_size',
      message: `The text is so short that it makes ${thousands(made)} tokens, not ${thousands(tokenizer.vocab_size)}.`,
      fixes: [setting(reading, `Use ${made}`, { 'data.tokenizer.vocab_size': made })],
    }),
  ];
}

function vocabulary({ reading, config, data }: Facts): Diagnostic[] {
  const { vocab_size } = config.model;
  const wanted = data.tokenizer_vocab_size;
  if (vocab_size === undefined || wanted === null || vocab_size >= wanted) return [];
  const at = 'model.vocab_size';
  return [
    finding(reading, configErrors.vocabularyTooSmall, {
      at,
      message: `The model knows ${thousands(vocab_size)} tokens, the tokenizer makes ${thousands(wanted)} (special tokens included): ids from ${thousands(vocab_size)} on would have no embedding.`,
      fixes: [
        removing(reading, `Remove it: ${wanted} comes from the tokenizer`, at),
        setting(reading, `Use ${wanted}`, { [at]: wanted }),
        config.data.tokenizer.type === 'bpe' && vocab_size > 256
          ? setting(reading, `Make the tokenizer's ${vocab_size}`, {
              'data.tokenizer.vocab_size': vocab_size,
            })
          : null,
      ],
    }),
  ];
}

/** The data is there, and its tokenizer is one for other settings. */
function stale({ reading, profile, data }: Facts): Diagnostic[] {
  if (profile === null || profile.tokenizer === null || data.train_tokens !== null) return [];
  return [
    finding(reading, configErrors.profileStale, {
      severity: 'info',
      at: 'data.tokenizer',
      message:
        'The data was last prepared for other settings; its tokens are counted again when the run starts.',
    }),
  ];
}

/** Above this many passes over the data, more of them teach almost nothing (Muennighoff et al., 2023, arXiv:2305.16264). */
const FUTILE_EPOCHS = 40;
/** Up to this many are almost as good as new data (the same source). */
const FREE_EPOCHS = 4;

function amounts(facts: Facts): Diagnostic[] {
  const { reading, config, data, sizes, max_steps, tokens_per_step } = facts;
  const tokens = data.train_tokens;
  if (tokens === null) return [];
  const context = sizes.context.value;
  const contextAt = `model.${sizes.context.field}`;
  if (tokens <= context) {
    const most = tokens - 1;
    return [
      finding(reading, configErrors.contextBeyondData, {
        at: contextAt,
        message: `A sequence takes ${thousands(context + 1)} tokens (the context and the last label); the training part has ${thousands(tokens)}.`,
        fixes: [
          most < 1 ? null : setting(reading, `Use ${powerBelow(most)}`, { [contextAt]: powerBelow(most) }),
        ],
      }),
    ];
  }
  if (tokens_per_step > tokens) return [batchTooLarge(facts, tokens)];
  if (max_steps === null) return [];
  const seen = max_steps * tokens_per_step;
  const epochs = seen / tokens;
  const at = given(facts, 'training.num_train_epochs') ? 'training.num_train_epochs' : 'training.max_steps';
  const counts = `The run reads ${thousands(seen)} tokens; the training part has ${thousands(tokens)}`;
  // Early stopping ends it when more of the same no longer helps.
  if (epochs > FREE_EPOCHS && config.training.early_stopping_patience > 0) return [];
  if (epochs > FREE_EPOCHS) {
    const futile = epochs > FUTILE_EPOCHS;
    const steps = Math.max(1, Math.floor((FREE_EPOCHS * tokens) / tokens_per_step));
    const shorter = at.endsWith('epochs') ? { [at]: FREE_EPOCHS } : { [at]: steps };
    return [
      finding(reading, configErrors.repeated, {
        severity: futile ? 'warning' : 'info',
        at,
        message: `${counts}, so each is seen ${epochs.toFixed(1)} times. ${futile ? 'Beyond some 40 times more of the same teaches next to nothing; the model learns the text by heart.' : 'Up to about 4 times is as good as new text; after that watch the validation loss.'}`,
        fixes: [
          setting(reading, `Use ${Object.values(shorter)[0]}`, shorter),
          setting(reading, 'Stop when the validation loss no longer falls', {
            'training.early_stopping_patience': 5,
          }),
        ],
      }),
    ];
  }
  if (epochs >= 0.1) return [];
  const whole = Math.ceil(tokens / tokens_per_step);
  return [
    finding(reading, configErrors.barelySeen, {
      severity: 'info',
      at,
      message: `${counts}: it sees ${(epochs * 100).toPrecision(2)}% of them.`,
      fixes: at.endsWith('epochs')
        ? []
        : [setting(reading, `Use ${whole}, to see each token once`, { [at]: whole })],
    }),
  ];
}

function batchTooLarge({ reading, config, sizes, tokens_per_step }: Facts, tokens: number): Diagnostic {
  const sequences = Math.max(1, Math.floor(tokens / sizes.context.value));
  const { per_device_train_batch_size: batch, gradient_accumulation_steps: accumulation } = config.training;
  const batchAt = 'training.per_device_train_batch_size';
  const passesAt = 'training.gradient_accumulation_steps';
  const passes = Math.max(1, Math.floor(sequences / batch));
  const fix =
    batch <= sequences
      ? setting(reading, `Use gradient_accumulation_steps ${passes}`, { [passesAt]: passes })
      : accumulation === 1
        ? setting(reading, `Use ${sequences}`, { [batchAt]: sequences })
        : setting(reading, `Use ${sequences}, without accumulation`, { [batchAt]: sequences, [passesAt]: 1 });
  return finding(reading, configErrors.batchBeyondData, {
    at: batch > sequences ? batchAt : passesAt,
    message: `An update reads ${thousands(effectiveBatch(config))} sequences of ${thousands(sizes.context.value)}, which is ${thousands(tokens_per_step)} tokens; the training part has ${thousands(tokens)}.`,
    fixes: [fix],
  });
}

function validation(facts: Facts): Diagnostic[] {
  const { reading, config, data, sizes } = facts;
  const { eval_steps } = config.training;
  if (eval_steps === 0) return [];
  const at = 'data.validation_split';
  const off = setting(reading, 'Do without evaluations', { 'training.eval_steps': 0 });
  if (config.data.validation_split === 0) {
    return [
      finding(reading, configErrors.validation, {
        severity: given(facts, 'training.eval_steps') ? 'warning' : 'info',
        at,
        message:
          'Nothing is kept for validation, so there is no telling whether the model learns or memorises.',
        fixes: [setting(reading, 'Use 0.1', { [at]: 0.1 }), off],
      }),
    ];
  }
  const tokens = data.validation_tokens;
  const context = sizes.context.value;
  if (tokens === null || tokens > context) return [];
  const total = tokens + (data.train_tokens ?? 0);
  const share = Math.ceil(((context + 1) / total) * 1.05 * 100) / 100;
  return [
    finding(reading, configErrors.validation, {
      severity: 'warning',
      at,
      message: `The validation part has ${thousands(tokens)} tokens, too few for one sequence of ${thousands(context)} and its last label: nothing can be evaluated.`,
      fixes: [share < 0.5 ? setting(reading, `Use ${share}`, { [at]: share }) : null, off],
    }),
  ];
}

/** Only characters can be counted without the tokenizer. */
function prompt({ reading, config, sizes }: Facts): Diagnostic[] {
  if (config.data.tokenizer.type !== 'char') return [];
  const characters = [...config.sampling.prompt];
  const context = sizes.context.value;
  if (characters.length <= context) return [];
  const at = 'sampling.prompt';
  return [
    finding(reading, configErrors.promptTooLong, {
      severity: 'warning',
      at,
      message: `The prompt has ${thousands(characters.length)} characters and the context holds ${thousands(context)}: only its end is read.`,
      fixes: [setting(reading, 'Keep its end', { [at]: characters.slice(-context).join('') })],
    }),
  ];
}

function powerBelow(most: number): number {
  return 2 ** Math.floor(Math.log2(most));
}
