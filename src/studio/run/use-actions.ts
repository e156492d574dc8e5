import { notifications } from '@mantine/notifications';
import type { Run } from '../../domain/runs/run.ts';
import { useServices } from '../app/services.ts';
import { canPickFolder, download, pickFolder } from '../shared/files.ts';
import { notifyError, whileShown } from '../shared/notify.tsx';
import type { RunActions } from './controls.tsx';

/** What the buttons of a run's screen do. */
export function useRunActions(run: Run): { readonly actions: RunActions; readonly canPickFolder: boolean } {
  const { runs, training, models } = useServices();
  const save = async (target: 'zip' | 'folder' | 'project'): Promise<void> => {
    if (target === 'zip') {
      const { name, zip } = await models.saveAsZip(run.id);
      download(name, zip);
    } else if (target === 'folder') {
      const folder = await pickFolder();
      if (folder === null) return;
      const { files } = await models.saveToFolder(run.id, folder);
      notifications.show({ title: 'Saved', message: `${files.length} files are in the folder.` });
    } else {
      const { folder } = await models.saveToProject(run.id);
      notifications.show({
        title: 'Kept in the project',
        message: `Everybody in it finds the model under ${folder}.`,
      });
    }
  };
  return {
    canPickFolder,
    actions: {
      command: (command) => void runs.control(run.id, command).catch(notifyError),
      resume: () =>
        void training.resume(run.id).then(({ ended }) => void ended.catch(notifyError), notifyError),
      save: (target) => void whileShown('Writing the model ...', save(target)).catch(notifyError),
    },
  };
}
