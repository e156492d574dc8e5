import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Settings } from '../src/domain/runs/ports.ts';
import { createNodeSettings } from '../src/storage/node/settings.ts';

/** What this user's machine has been found out to be; ANNEAL_CACHE names another folder for it. */
export function machineSettings(): Settings {
  return createNodeSettings(join(cacheFolder(), 'settings.json'));
}

function cacheFolder(): string {
  const { ANNEAL_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (ANNEAL_CACHE) return ANNEAL_CACHE;
  if (process.platform === 'win32' && LOCALAPPDATA) return join(LOCALAPPDATA, 'anneal');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'anneal');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'anneal');
}
