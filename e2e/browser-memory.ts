import { readdirSync, readFileSync } from 'node:fs';

/**
 * Bytes that the browsers started by this process hold, what they share counted once; null where the system does
 * not tell (only Linux has /proc). A page cannot see this: what a killed worker leaves behind is no longer its own.
 */
export function browserBytes(): number | null {
  try {
    const parents = new Map<number, number>();
    for (const name of readdirSync('/proc')) {
      const parent = /^\d+$/.test(name) ? parentOf(name) : null;
      if (parent !== null) parents.set(Number(name), parent);
    }
    let bytes = 0;
    for (const pid of parents.keys()) if (descends(pid, parents)) bytes += heldBy(pid);
    return bytes === 0 ? null : bytes;
  } catch {
    return null;
  }
}

function parentOf(pid: string): number | null {
  const stat = read(`/proc/${pid}/stat`);
  // The name in brackets may hold anything; the state and the parent follow it.
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return parent === undefined ? null : Number(parent);
}

function descends(pid: number, parents: ReadonlyMap<number, number>): boolean {
  for (let at = parents.get(pid); at !== undefined && at !== 0; at = parents.get(at)) {
    if (at === process.pid) return /chrom/i.test(read(`/proc/${pid}/cmdline`));
  }
  return false;
}

function heldBy(pid: number): number {
  const kilobytes = /^Pss:\s+(\d+) kB/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Empty where the process has ended meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
