/** What tells whether parts of a run may share a dispatch. Parts are known by their place in the order. */
export interface Rules {
  /** Whether the order of the two matters. */
  conflict(a: number, b: number): boolean;
  /** Whether the later reads what the earlier writes. */
  feeds(earlier: number, later: number): boolean;
  /** Whether these, in order, fit into one dispatch. */
  fit(parts: readonly number[]): boolean;
}

/** Who reads a result so many parts on is not waiting for it. */
const SOON = 8;

/**
 * Parts 0 to `count` - 1 in as few batches as can easily be found: batches run one after the other, the
 * parts of one all at once. What others wait for goes as early as it can, in order; all else (gradients of
 * weights, say, which are read at the end) fills the room that is left in the batches before it is needed.
 */
export function batchesOf(count: number, rules: Rules): number[][] {
  const earlier = Array.from({ length: count }, (_, part): number[] => {
    const found: number[] = [];
    for (let other = 0; other < part; other++) if (rules.conflict(other, part)) found.push(other);
    return found;
  });
  const patient = new Array<boolean>(count).fill(false);
  for (let part = count - 1; part >= 0; part--) {
    let readers = 0;
    let hurried = false;
    for (let other = part + 1; other < count && !hurried; other++) {
      if (!rules.feeds(part, other)) continue;
      readers++;
      hurried = other <= part + SOON && patient[other] === false;
    }
    patient[part] = readers > 0 && !hurried;
  }

  // Of a patient part: the first batch that it could be in.
  const at = new Array<number>(count).fill(0);
  const batches: number[][] = [];
  for (let part = 0; part < count; part++) {
    const first = 1 + (earlier[part] as number[]).reduce((last, other) => Math.max(last, at[other] ?? 0), -1);
    if (patient[part] === true) {
      at[part] = first;
      continue;
    }
    let found = batches.length - 1;
    while (found >= first && !rules.fit([...(batches[found] as number[]), part])) found--;
    if (found < first) {
      // A patient part that this one waits for may need a batch of its own before it.
      while (batches.length < first) batches.push([]);
      found = batches.length;
      batches.push([]);
    }
    batches[found]?.push(part);
    at[part] = found;
  }

  // By part: the batch that it has to be before, counted so that all that wait for one another have a place.
  const before = new Array<number>(count).fill(Number.POSITIVE_INFINITY);
  for (let part = count - 1; part >= 0; part--) {
    const own = patient[part] === true ? (before[part] as number) - 1 : (at[part] as number);
    for (const other of earlier[part] as number[]) before[other] = Math.min(before[other] as number, own);
  }
  for (let part = 0; part < count; part++) {
    if (patient[part] !== true) continue;
    const first = 1 + (earlier[part] as number[]).reduce((last, other) => Math.max(last, at[other] ?? 0), -1);
    const end = Math.min(batches.length, before[part] as number);
    // Beside what comes just before it, as in every layer, else where there is room first.
    let near = part - 1;
    while (near >= 0 && patient[near] === true) near--;
    const beside = near < 0 ? -1 : (at[near] as number);
    const fits = (batch: number) =>
      batch >= first &&
      batch < end &&
      rules.fit([...(batches[batch] as number[]), part].sort((a, b) => a - b));
    let found = beside;
    if (!fits(found)) {
      found = first;
      while (found < end && !fits(found)) found++;
    }
    if (found >= end) {
      found = Math.min(first, batches.length);
      batches.splice(found, 0, []);
      for (let other = 0; other < count; other++) {
        if ((at[other] as number) >= found && (patient[other] !== true || other < part))
          at[other] = (at[other] as number) + 1;
        if ((before[other] as number) >= found) before[other] = (before[other] as number) + 1;
      }
    }
    batches[found]?.push(part);
    at[part] = found;
  }
  return batches.filter((batch) => batch.length > 0).map((batch) => batch.sort((a, b) => a - b));
}
