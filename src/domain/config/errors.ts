import { defineErrors } from '../../base/error.ts';

/** Everything that can be wrong with a config, from its bytes to its meaning. */
export const configErrors = defineErrors('CFG', {
  // --- the text
  syntax: {
    number: 1,
    title: 'The text is not YAML',
    fix: 'Correct the marked place; each line is `name: value`, and what belongs to a section is indented by two spaces.',
  },
  tooLarge: {
    number: 2,
    title: 'The config is too large',
    fix: 'Choose a config file; the data goes into a file of its own, named by data.source.',
  },
  notText: {
    number: 3,
    title: 'The file is not text in UTF-8',
    fix: 'Save the config as UTF-8 text.',
  },
  documents: {
    number: 4,
    title: 'The text holds more than one YAML document',
    fix: 'Keep one document; remove what follows the line `---`.',
  },
  indirection: {
    number: 5,
    title: 'Anchors, aliases, tags and directives are not part of the config language',
    fix: 'Write the value itself.',
  },
  duplicateKey: {
    number: 6,
    title: 'A field is given twice',
    fix: 'Remove one of the two.',
  },
  // --- the fields
  unknownField: {
    number: 7,
    title: 'There is no such field',
    fix: 'Take a name that completion offers, or remove the line.',
  },
  wrongType: {
    number: 8,
    title: 'The value is of the wrong kind',
    fix: 'Write a value of the kind that the message names.',
  },
  outOfRange: {
    number: 9,
    title: 'The value is out of range',
    fix: 'Choose a value in the range that the message names.',
  },
  notAnOption: {
    number: 10,
    title: 'The value is none of those there are',
    fix: 'Choose one that completion offers.',
  },
  missing: {
    number: 11,
    title: 'A field that has no default is missing',
    fix: 'Add the field.',
  },
  empty: {
    number: 12,
    title: 'The config is empty',
    fix: 'Start with `model:` and let completion offer the fields, or copy one of the recipes.',
  },
  // --- the model
  shape: {
    number: 20,
    title: "The model's sizes do not fit together",
    fix: 'Change one of the fields that the message names.',
  },
  vocabularyTooSmall: {
    number: 21,
    title: "The model's vocabulary is smaller than the tokenizer's",
    fix: "Leave vocab_size out, or make it at least as large as the tokenizer's.",
  },
  planFailed: {
    number: 22,
    title: 'The plan of the training step could not be made',
    fix: 'This is a defect of Anneal; please report it with the config.',
  },
  // --- the data
  contextBeyondData: {
    number: 30,
    title: 'The context is longer than the data',
    fix: 'Shorten the context, or take a longer text.',
  },
  batchBeyondData: {
    number: 31,
    title: 'The effective batch holds more tokens than the data',
    fix: 'Lower per_device_train_batch_size or gradient_accumulation_steps, or take a longer text.',
  },
  repeated: {
    number: 32,
    title: 'The run goes over the data many times',
    fix: 'Shorten the run, take a longer text, or raise dropout and weight decay.',
  },
  barelySeen: {
    number: 33,
    title: 'The run sees only a part of the data',
    fix: 'Lengthen the run, or leave it so on purpose.',
  },
  validation: {
    number: 34,
    title: 'There is too little validation data',
    fix: 'Raise validation_split, shorten the context, or set eval_steps to 0.',
  },
  profileStale: {
    number: 35,
    title: 'The tokenizer has not been made for these settings yet',
    fix: 'Prepare the data again; until then token counts are unknown.',
  },
  promptTooLong: {
    number: 36,
    title: 'The prompt and the sample are longer than the context',
    fix: 'Shorten the prompt or max_new_tokens; only the last tokens within the context are read.',
  },
  unknownSource: {
    number: 37,
    title: 'The source of the data is not known',
    fix: 'Name a file of the project, or the built-in corpus `stories`.',
  },
  // --- the run
  twoLengths: {
    number: 40,
    title: 'Both max_steps and num_train_epochs are given',
    fix: 'Keep one of them.',
  },
  twoWarmups: {
    number: 41,
    title: 'Both warmup_steps and warmup_ratio are given',
    fix: 'Keep one of them.',
  },
  warmup: {
    number: 42,
    title: 'The warm-up does not fit the run',
    fix: 'Shorten the warm-up, or lengthen the run.',
  },
  minimumRate: {
    number: 43,
    title: 'min_lr does not fit the schedule',
    fix: 'Use min_lr with lr_scheduler_type: cosine_with_min_lr, and below learning_rate.',
  },
  evaluation: {
    number: 44,
    title: 'The run ends before its first evaluation',
    fix: 'Lower eval_steps.',
  },
  saving: {
    number: 45,
    title: 'The run ends before its first checkpoint',
    fix: 'Lower save_steps.',
  },
  learningRate: {
    number: 46,
    title: 'The learning rate is far from what this width wants',
    fix: 'Take a value near the one that the message names.',
  },
  numberFormat: {
    number: 47,
    title: 'No device trains in this number format yet',
    fix: 'Use dtype: float16, or float32.',
  },
  patience: {
    number: 48,
    title: 'Early stopping has nothing to go by',
    fix: 'Set eval_steps and validation_split above 0, or early_stopping_patience to 0.',
  },
  unusedSetting: {
    number: 49,
    title: 'A setting has no effect here',
    fix: 'Remove it, or choose what makes use of it.',
  },
  // --- the device
  memory: {
    number: 60,
    title: 'The run does not fit into the memory of the device',
    fix: 'Lower per_device_train_batch_size and raise gradient_accumulation_steps, or make the model or its context smaller.',
  },
  bufferSize: {
    number: 61,
    title: 'A tensor is larger than the device allows a buffer to be',
    fix: 'Lower what the message names.',
  },
  otherDevice: {
    number: 62,
    title: 'The config asks for another device than the one looked at',
    fix: 'Choose `device: auto`, or look at the other device.',
  },
  storedWide: {
    number: 63,
    title: 'This device stores float16 as float32',
    fix: 'Nothing needs to be done; `device: webgpu` is what stores halves.',
  },
});
