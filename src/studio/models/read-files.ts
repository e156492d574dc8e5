import type { ByteStream } from '../../domain/artifacts/ports.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import type { ModelService } from '../../services/models/models.ts';
import type { OpenedModel, PickedFile } from '../../services/models/open.ts';

/** Of a folder with other things in it, these are read. */
const READ = /\.(zip|safetensors|json|txt)$/i;

/** Opens what was dropped or picked: one zip, or the files of a folder. Errors as ModelService says. */
export async function openFiles(
  models: ModelService,
  files: readonly File[],
  onProgress: (progress: Progress) => void,
): Promise<OpenedModel> {
  const total = files.filter(({ name }) => READ.test(name)).reduce((sum, { size }) => sum + size, 0);
  let done = 0;
  let told = 0;
  const count = (bytes: number): void => {
    done += bytes;
    // Pieces are small and many.
    if (done - told < total / 200) return;
    told = done;
    onProgress({ what: 'Reading the model', done, total });
  };
  const [first] = files;
  if (first !== undefined && files.length === 1 && /\.zip$/i.test(first.name))
    return await models.openZip(first.name, streamOf(first, count));
  const picked = files.map((file): PickedFile => ({ path: pathOf(file), open: () => streamOf(file, count) }));
  const folder = picked[0]?.path.split('/').at(-2) ?? 'model';
  return await models.openFolder(folder, picked);
}

/** A picked folder's files carry a relative path; a dropped folder's have one that begins with a slash or a dot. */
function pathOf(file: File): string {
  const dropped = 'path' in file && typeof file.path === 'string' ? file.path : '';
  return (file.webkitRelativePath || dropped || file.name).replace(/^(\.?\/)+/, '');
}

async function* streamOf(file: File, count: (bytes: number) => void): ByteStream {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      count(value.byteLength);
      yield value;
    }
  } finally {
    reader.releaseLock();
  }
}
