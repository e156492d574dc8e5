/** What a server does in portions, without a turn for anybody else in between. */
export function atOnce<T>(portions: Iterator<void, T>): T {
  for (;;) {
    const { done, value } = portions.next();
    if (done === true) return value;
  }
}
