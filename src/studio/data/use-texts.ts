import { useCallback, useState } from 'react';
import type { AnnealError } from '../../base/error.ts';
import { readConfig } from '../../domain/config/read.ts';
import { checkTextSize } from '../../domain/data/decode.ts';
import { dataErrors } from '../../domain/data/errors.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import type { TextReport } from '../../protocol/data.ts';
import { pathProblem } from '../../protocol/names.ts';
import { TEXT_ROOT } from '../../protocol/sync.ts';
import type { Services } from '../app/services.ts';
import { CONFIG_PATH } from '../shared/edit-config.ts';

/** The built-in corpus, by its name in `data.source`. */
export const BUILT_IN = 'stories';

export interface ListedText {
  readonly path: string;
  readonly sha256: string | null;
  readonly bytes: number | null;
}

/** The built-in corpus and the project's artifacts that are no models, by path. */
export async function listTexts(
  { files }: Pick<Services, 'files'>,
  project: string,
): Promise<readonly ListedText[]> {
  const entries = [...(await files(project)).entries()].filter(([path]) => !path.startsWith('models/'));
  return [
    { path: BUILT_IN, sha256: null, bytes: null },
    ...entries.map(([path, artifact]) => ({ path, ...artifact })),
  ];
}

/** What the shared config says of data now; the defaults where it cannot be read. */
export async function configuredData(
  { documents }: Pick<Services, 'documents'>,
  project: string,
): Promise<{ readonly source: string; readonly validation_split: number }> {
  const use = documents.use(project, CONFIG_PATH);
  try {
    const { config } = readConfig((await use.room).doc.getText(TEXT_ROOT).toString());
    return config.data;
  } finally {
    use.release();
  }
}

export interface Taking {
  /** The file that is being taken; null when none is. */
  readonly doing: Progress | null;
  readonly failures: readonly { readonly name: string; readonly error: unknown }[];
  /** What was changed in texts on the way in: the text that is kept no longer shows it. */
  readonly changes: readonly { readonly name: string; readonly notices: TextReport['notices'] }[];
  /** Takes files into the project, one after another; one that cannot be taken does not stop the others. */
  readonly take: (files: readonly File[]) => Promise<string | null>;
}

export function useTaking(
  services: Pick<Services, 'texts' | 'files' | 'artifacts'>,
  project: string,
): Taking {
  const [doing, setDoing] = useState<Progress | null>(null);
  const [failures, setFailures] = useState<Taking['failures']>([]);
  const [changes, setChanges] = useState<Taking['changes']>([]);
  const { texts, files, artifacts } = services;
  const take = useCallback(
    async (picked: readonly File[]) => {
      setFailures([]);
      setChanges([]);
      let last: string | null = null;
      for (const [done, file] of picked.entries()) {
        setDoing({ what: `Taking in ${file.name}`, done, total: picked.length > 1 ? picked.length : null });
        try {
          const tooLarge: AnnealError | null = checkTextSize(file.size, file.name);
          if (tooLarge !== null) throw tooLarge;
          const bytes = new Uint8Array(await file.arrayBuffer());
          const kept = await texts.call('take', { name: file.name, bytes }, { transfer: [bytes.buffer] });
          const shared = await files(project);
          const path = freePath(pathOf(file.name), shared.get.bind(shared), kept.sha256);
          shared.set(path, { sha256: kept.sha256, bytes: kept.bytes });
          void artifacts.share([kept.sha256], project).catch(() => undefined); // offline: sent when the server is back
          const changed = kept.notices.filter(({ code }) => CHANGES.has(code));
          if (changed.length > 0) setChanges((before) => [...before, { name: path, notices: changed }]);
          last = path;
        } catch (error) {
          setFailures((before) => [...before, { name: file.name, error }]);
        }
      }
      setDoing(null);
      return last;
    },
    [texts, files, artifacts, project],
  );
  return { doing, failures, changes, take };
}

const CHANGES: ReadonlySet<string> = new Set([dataErrors.fromUtf16.code, dataErrors.lineEndings.code]);

/** A file's name as a path of the project. */
function pathOf(name: string): string {
  const plain = name.normalize('NFC').replaceAll('\\', '/').split('/').at(-1) ?? '';
  return plain !== BUILT_IN && pathProblem(plain) === null
    ? plain
    : `text-${plain.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')}`;
}

/** The same text under the same name stays one; another text gets a number. */
function freePath(
  path: string,
  get: (path: string) => { readonly sha256: string } | null,
  sha256: string,
): string {
  const [, stem = path, end = ''] = /^(.*?)(\.[^.]*)?$/.exec(path) ?? [];
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? path : `${stem}-${n}${end}`;
    const there = get(candidate);
    if (there === null || there.sha256 === sha256) return candidate;
  }
}

/** Makes sure that a text of the project is here, and looks at it. */
export async function inspect(
  { texts, artifacts }: Pick<Services, 'texts' | 'artifacts'>,
  project: string,
  text: ListedText,
  onProgress: (progress: Progress) => void,
): Promise<Awaited<ReturnType<Services['texts']['call']>>> {
  if (text.sha256 === null) return await texts.call('stories', null, { onEvent: onProgress });
  await artifacts.ensure(text.sha256, onProgress, { project });
  return await texts.call('inspect', { name: text.path, sha256: text.sha256 });
}
