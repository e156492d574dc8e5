import { IconCode, IconCube, IconDatabase, IconTimeline } from '@tabler/icons-react';
import type { ComponentType } from 'react';

/** The parts of a project, in the order of the work. */
export interface Section {
  readonly id: 'editor' | 'data' | 'runs' | 'models';
  readonly label: string;
  readonly icon: ComponentType<{ size?: number; stroke?: number }>;
  path(project: string): string;
}

const base = (project: string): string => `/p/${encodeURIComponent(project)}`;

export const SECTIONS: readonly Section[] = [
  { id: 'editor', label: 'Editor', icon: IconCode, path: base },
  { id: 'data', label: 'Data', icon: IconDatabase, path: (project) => `${base(project)}/data` },
  { id: 'runs', label: 'Runs', icon: IconTimeline, path: (project) => `${base(project)}/runs` },
  { id: 'models', label: 'Models', icon: IconCube, path: (project) => `${base(project)}/models` },
];

/** Which section an address shows; null outside of a project. */
export function sectionOf(pathname: string): Section['id'] | null {
  const [, p, project, part] = pathname.split('/');
  if (p !== 'p' || project === undefined || project === '') return null;
  if (part === undefined || part === '') return 'editor';
  return SECTIONS.find((section) => section.id === part)?.id ?? null;
}
