import { defineErrors } from '../../base/error.ts';

export const formatErrors = defineErrors('FMT', {
  truncated: {
    number: 1,
    title: 'The file ends before its contents do',
    fix: 'The file was not copied or downloaded in full; fetch it again.',
  },
  headerTooLarge: {
    number: 2,
    title: 'The safetensors header is larger than any real one',
    fix: 'This is not a safetensors file, or its first 8 bytes are damaged; fetch it again.',
  },
  badJson: {
    number: 3,
    title: 'The header is not the JSON that it should be',
    fix: 'The file is damaged or of another format; fetch it again or export it anew.',
  },
  duplicateKey: {
    number: 4,
    title: 'A name occurs twice',
    fix: 'It is not clear which of the two is meant; export the file anew.',
  },
  unknownDtype: {
    number: 5,
    title: 'A tensor has an element type that is not known',
    fix: 'Convert the model to F32, F16 or BF16 first.',
  },
  badOffsets: {
    number: 6,
    title: 'The tensors do not fill the file without holes and overlaps',
    fix: 'The file is damaged; fetch it again or export it anew.',
  },
  sizeMismatch: {
    number: 7,
    title: "A tensor's bytes do not fit its shape",
    fix: 'The file is damaged; fetch it again or export it anew.',
  },
  overflow: {
    number: 8,
    title: 'A number in the header is too large',
    fix: 'The file is damaged or was made to do harm; do not use it.',
  },
  badMetadata: {
    number: 9,
    title: 'The metadata of a safetensors file may hold texts only',
    fix: 'Export the file anew with texts as metadata values.',
  },
  missingTensor: {
    number: 10,
    title: 'A tensor is missing',
    fix: 'The weights do not belong to this config; check that both come from the same model.',
  },
  wrongShape: {
    number: 11,
    title: 'A tensor has another shape than the config says',
    fix: 'The weights do not belong to this config; check that both come from the same model.',
  },
  wrongDtype: {
    number: 12,
    title: 'A tensor has an element type that cannot be used here',
    fix: 'Convert the model to F32, F16 or BF16 first.',
  },
  trailingBytes: {
    number: 13,
    title: 'The file goes on after its last tensor',
    fix: 'The file is damaged or two files were joined; fetch it again.',
  },
  missingFile: {
    number: 20,
    title: 'A file of the model folder is missing',
    fix: 'Choose the whole folder: config.json, model.safetensors and tokenizer.json.',
  },
  badConfig: {
    number: 21,
    title: 'The config.json cannot be used',
    fix: 'Compare it with the config.json that the model was published with.',
  },
  unsupportedArchitecture: {
    number: 22,
    title: 'Models of this architecture cannot be opened',
    fix: 'Open a model whose model_type is gpt2 or llama.',
  },
  unsupportedVariant: {
    number: 23,
    title: 'The model uses a variant of its architecture that is not there',
    fix: 'Open a model without this setting.',
  },
  pickledOnly: {
    number: 24,
    title: 'The folder has only pickled weights',
    fix: 'Pickled files can run code when opened. Convert them: load the model with transformers and call save_pretrained(folder, safe_serialization=True).',
  },
  badIndex: {
    number: 25,
    title: 'The index of the shards cannot be used',
    fix: 'Fetch model.safetensors.index.json and all the files that it names again.',
  },
});
