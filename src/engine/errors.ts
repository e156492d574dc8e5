import { defineErrors } from '../base/error.ts';

export const deviceErrors = defineErrors('DEV', {
  lost: {
    number: 1,
    title: 'The device was lost',
    fix: 'The run goes on from its last checkpoint on the next device; choose another device to force one.',
  },
  outOfMemory: {
    number: 2,
    title: 'The device has no memory left',
    fix: 'Lower per_device_train_batch_size or n_positions, and raise gradient_accumulation_steps to keep the effective batch.',
  },
  unavailable: {
    number: 3,
    title: 'The device is not available here',
    fix: 'Choose `device: auto`, or another device from the list.',
  },
  badFeed: {
    number: 4,
    title: 'A program was run with inputs that do not fit it',
    fix: 'This is a defect of Anneal; please report it with the message.',
  },
  probeFailed: {
    number: 5,
    title: 'The device failed its start-up check',
    fix: 'The next device is used instead; update the browser or the graphics driver to get this one back.',
  },
  failed: {
    number: 6,
    title: 'The device failed while computing',
    fix: 'Choose another device; if it fails there too, please report it with the message.',
  },
});
