/** Does something once for all who ask within so long a time: many who ask often cost no more than one does. */
export function recent<T>(
  work: () => Promise<T>,
  ms: number,
  now = () => performance.now(),
): () => Promise<T> {
  let latest: { readonly result: Promise<T>; done: number | null } | null = null;
  return () => {
    if (latest !== null && (latest.done === null || now() - latest.done < ms)) return latest.result;
    const result = work();
    const asked: { readonly result: Promise<T>; done: number | null } = { result, done: null };
    const done = (): void => {
      asked.done = now();
    };
    result.then(done, done);
    latest = asked;
    return result;
  };
}
