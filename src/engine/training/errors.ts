import { defineErrors } from '../../base/error.ts';

export const trainingErrors = defineErrors('TRN', {
  dataTooShort: {
    number: 1,
    title: 'The data is shorter than the context',
    fix: 'Lower n_positions (or max_position_embeddings), lower validation_split, or add text.',
  },
  notFinite: {
    number: 2,
    title: 'The loss or the gradients stopped being finite numbers',
    fix: 'Lower learning_rate (a third is a good start), use more warmup_steps, keep max_grad_norm at 1, and train on from the last good checkpoint.',
  },
  diverged: {
    number: 3,
    title: 'The loss rose far above its own best and stayed there',
    fix: 'Lower learning_rate (a third is a good start), use more warmup_steps, keep max_grad_norm at 1, and train on from the last good checkpoint.',
  },
  notWhole: {
    number: 4,
    title: 'A checkpoint is damaged or was not written in full',
    fix: 'The run goes on from the checkpoint before it; if there is none, start it anew.',
  },
  otherRun: {
    number: 5,
    title: 'The checkpoint belongs to a run with other settings',
    fix: 'Put back what the checkpoint was trained with, or start a new run.',
  },
  otherData: {
    number: 6,
    title: 'The checkpoint was trained on other data',
    fix: 'Put back the text and the tokenizer that the run started with, or start a new run.',
  },
  noCheckpoint: {
    number: 7,
    title: 'The run has no checkpoint to go on from',
    fix: 'Start it anew.',
  },
  newerFormat: {
    number: 8,
    title: 'The checkpoint was written by a newer version of Anneal',
    fix: 'Reload the page or update Anneal, then resume.',
  },
  deviceChanged: {
    number: 9,
    title: 'The run goes on on another device',
    fix: 'From here on the losses are those of this device; bit for bit they equal the old only on the device that the run started on.',
  },
  settingsChanged: {
    number: 10,
    title: 'The run goes on with other settings than it started with',
    fix: 'Nothing needs to be done; the curve is no longer that of the first settings alone.',
  },
  noValidation: {
    number: 11,
    title: 'There is no validation data to evaluate on',
    fix: 'Raise validation_split, or set eval_steps to 0.',
  },
  unexpected: {
    number: 12,
    title: 'The training loop failed',
    fix: 'The run can be resumed from its last checkpoint; please report this with the message.',
  },
  fellBack: {
    number: 13,
    title: 'The device failed and the next one took over',
    fix: 'Nothing needs to be done; choose a device in the config to force one.',
  },
  sampleFailed: {
    number: 14,
    title: 'No sample could be drawn',
    fix: 'Change sampling.prompt to a text that the tokenizer knows; training goes on.',
  },
  badCommand: {
    number: 15,
    title: 'A command to the run cannot be carried out',
    fix: 'Give a learning rate that is a number above 0.',
  },
  cannotProfile: {
    number: 17,
    title: 'This device cannot record a step',
    fix: 'Train with `device: webgpu` or `device: wasm`: they tell one kernel from the next.',
  },
  updateSkipped: {
    number: 18,
    title: 'An update was skipped, as a gradient left the range of float16',
    fix: 'Nothing needs to be done: the loss scale has been halved. Where most updates are skipped, lower learning_rate or use dtype: float32.',
  },
  storedWide: {
    number: 19,
    title: 'The device stores float16 as float32',
    fix: 'Nothing needs to be done: the run trains as well, with the memory of float32. `device: webgpu` is what stores halves.',
  },
  badFixture: {
    number: 16,
    title: 'A fixture does not have the tensors and settings that it should',
    fix: 'Give a .safetensors with param., grad. and final. of every parameter, and its .json with config, optimizer, batch_size, sequence_length and steps.',
  },
});
