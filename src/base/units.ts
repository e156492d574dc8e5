/** Sizes as people read them. */

/** Powers of 1000: "1.42 GB". */
export function inBytes(bytes: number): string {
  return inThousands(bytes, ['bytes', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']);
}

/** Three digits and the unit of its power of 1000: "124 M" with the units '', 'k' and 'M'. */
export function inThousands(value: number, units: readonly string[]): string {
  const power =
    Math.abs(value) < 999.5
      ? 0
      : Math.min(units.length - 1, Math.floor(Math.log10(Math.abs(value) * 1.0005) / 3));
  const amount = value / 1000 ** power;
  const digits = power === 0 ? String(Math.round(amount)) : amount.toPrecision(3);
  return `${Number(digits)} ${units[power] ?? ''}`.trim();
}
