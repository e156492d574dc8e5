import type { ProjectFiles } from '../../domain/artifacts/ports.ts';

/** Observes a project's files as soon as they are open; that they cannot be opened is for whoever lists them to say. */
export function watchFiles(files: Promise<ProjectFiles>, listener: () => void): () => void {
  let end: () => void = () => undefined;
  let over = false;
  files.then(
    (those) => {
      if (!over) end = those.observe(listener);
    },
    () => undefined,
  );
  return () => {
    over = true;
    end();
  };
}
