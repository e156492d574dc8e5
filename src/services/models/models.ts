import type { ArtifactStore, ByteStream, ProjectFiles } from '../../domain/artifacts/ports.ts';
import type { InitialModel, RunId } from '../../domain/runs/events.ts';
import type { RunDeps } from '../runs/deps.ts';
import {
  addToProject,
  modelsOf,
  type OpenedModel,
  openModelFolder,
  openModelZip,
  type PickedFile,
} from './open.ts';
import { type FolderWriter, type SavedModel, saveAsZip, saveToFolder, saveToProject } from './save.ts';

/** Saving and opening Hugging Face folders, bound to the stores of this browser. */
export interface ModelService {
  saveAsZip(run: RunId): Promise<{ readonly name: string; readonly zip: Blob }>;
  saveToFolder(run: RunId, folder: FolderWriter): Promise<SavedModel>;
  saveToProject(run: RunId): Promise<{ readonly folder: string }>;
  openFolder(name: string, picked: readonly PickedFile[]): Promise<OpenedModel>;
  openZip(name: string, stream: ByteStream): Promise<OpenedModel>;
  addToProject(files: ProjectFiles, opened: OpenedModel): Promise<void>;
  list(files: ProjectFiles): readonly InitialModel[];
}

export function createModelService(deps: RunDeps, store: ArtifactStore): ModelService {
  const open = { artifacts: store, trainer: deps.trainer };
  return {
    saveAsZip: (run) => saveAsZip(deps, run),
    saveToFolder: (run, folder) => saveToFolder(deps, run, folder),
    saveToProject: (run) => saveToProject(deps, run),
    openFolder: (name, picked) => openModelFolder(open, name, picked),
    openZip: (name, stream) => openModelZip(open, name, stream),
    addToProject: (files, opened) => addToProject(files, opened, store),
    list: modelsOf,
  };
}
