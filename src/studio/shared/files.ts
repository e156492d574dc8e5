import type { FolderWriter } from '../../services/models/save.ts';

/** Hands a file to the browser's downloads. */
export function download(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own hold on the bytes once the click is over.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** Only some browsers let a page write into a folder. */
export const canPickFolder: boolean = 'showDirectoryPicker' in globalThis;

interface FolderPicker {
  showDirectoryPicker(options: { readonly mode: 'readwrite' }): Promise<FileSystemDirectoryHandle>;
}

/** Null when the person thought better of it. */
export async function pickFolder(): Promise<FolderWriter | null> {
  try {
    const folder = await (globalThis as unknown as FolderPicker).showDirectoryPicker({ mode: 'readwrite' });
    return {
      async write(path, bytes) {
        const file = await folder.getFileHandle(path, { create: true });
        const stream = await file.createWritable();
        await stream.write(bytes);
        await stream.close();
      },
    };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return null;
    throw error;
  }
}
