import { defineErrors } from '../../base/error.ts';

export const runErrors = defineErrors('RUN', {
  illegalEvent: {
    number: 1,
    title: 'This cannot be done to a run in its present state',
    fix: 'Look at the state of the run; it may have changed in another tab.',
  },
  unknownRun: {
    number: 2,
    title: 'There is no such run',
    fix: 'It may have been deleted; look at the list of runs.',
  },
  busy: {
    number: 3,
    title: 'Another run of this project is training in this browser',
    fix: 'Stop or pause that run first, or let it finish.',
  },
  notTraining: {
    number: 4,
    title: 'This run is not training here',
    fix: 'If it was interrupted, resume it; if it trains in another tab, steer it there.',
  },
  noCheckpoint: {
    number: 5,
    title: 'This run has no checkpoint yet',
    fix: 'Wait for the first checkpoint (save_steps), or start the run again.',
  },
  missingData: {
    number: 6,
    title: 'The data of this run is not on this machine',
    fix: 'Add the text to the project again, or connect to the server so that it can be fetched.',
  },
  invalidConfig: {
    number: 7,
    title: 'The config has errors',
    fix: 'Mend the errors that pre-flight shows; Train is possible when there are none.',
  },
  pinsDiffer: {
    number: 8,
    title: 'This run cannot be gone on with, because something that it depends on has changed',
    fix: 'Start a new run; a run only goes on with the very data, tokenizer and program format that it began with.',
  },
  noDevice: {
    number: 9,
    title: 'No device could train this model here',
    fix: 'Choose another device, or make the model or the batch smaller.',
  },
  failed: {
    number: 10,
    title: 'The run failed',
    fix: 'Read the reason; the run can be resumed from its last checkpoint.',
  },
  badRecord: {
    number: 11,
    title: 'A stored run cannot be read',
    fix: 'It was written by another version or damaged; delete the run, or go back to the version that wrote it.',
  },
  aborted: {
    number: 12,
    title: 'Stopped on request',
    fix: 'Start it again to get the rest.',
  },
  notAModel: {
    number: 13,
    title: 'These files are no model that Anneal can open',
    fix: 'Choose a folder or zip with config.json, model.safetensors and tokenizer.json of a gpt2 or llama model.',
  },
  fellBack: {
    number: 14,
    title: 'The device that was asked for cannot be used and the next one took over',
    fix: 'Nothing needs to be done; the Device menu says why the other one cannot be used.',
  },
  unknownPrompt: {
    number: 16,
    title: 'The model has a token for nothing in this prompt',
    fix: 'Write the prompt in characters that occur in the text that the model was trained on.',
  },
  modelDiffers: {
    number: 15,
    title: 'The config describes another model than the one to start from',
    fix: "Write the model's values into the model section of the config, or start from new weights.",
  },
});
