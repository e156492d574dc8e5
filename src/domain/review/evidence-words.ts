/** What a run came to, in a sentence for whoever has to decide about a suggestion. */
export function describeEvidence(evidence: {
  readonly name: string;
  readonly state: string;
  readonly step: number;
  readonly max_steps: number;
  readonly loss: number | null;
  readonly validation_loss: number | null;
  readonly device: string | null;
}): string {
  const { name, state, step, max_steps, loss, validation_loss, device } = evidence;
  const steps = step === max_steps ? `${step} steps` : `${step} of ${max_steps} steps`;
  const figures = [
    ...(loss === null ? [] : [`loss ${loss.toPrecision(4)}`]),
    ...(validation_loss === null ? [] : [`validation loss ${validation_loss.toPrecision(4)}`]),
  ];
  const where = device === null ? '' : ` on ${device}`;
  return `${name}: ${state} after ${steps}${where}${figures.length === 0 ? '' : `, ${figures.join(', ')}`}.`;
}
