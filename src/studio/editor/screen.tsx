import { notifications } from '@mantine/notifications';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useNavigate, useParams, useSearchParams } from 'react-router';
import { isDeleted } from '../app/deleted.ts';
import { Fill } from '../app/slots.tsx';
import { ConnectionStatus } from '../app/status-items.tsx';
import { useRole } from '../app/use-role.ts';
import { useFileRoom, useFiles, useProjectRoom, useRoomState } from '../app/use-room.ts';
import { may } from '../app/use-session.ts';
import './editor.css';
import { useDoingWords } from '../../ui/doing.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useLatest } from '../../ui/use-latest.ts';
import { whyClosed } from './closed.ts';
import { FileTree } from './files/file-tree.tsx';
import { useFileActions } from './files/use-file-actions.tsx';
import { EditorLayout, type Pane } from './layout.tsx';
import { MergeHint, MergeNotice } from './merge-guard.tsx';
import { EstimatePanel } from './panels/estimate.tsx';
import { ProblemsPanel } from './panels/problems-panel.tsx';
import { ReviewPanels } from './panels/review.tsx';
import { allows } from './review/use-review.ts';
import { useReviewing } from './review/use-reviewing.ts';
import { RoleNotice, readOnlyBecause } from './role-notice.tsx';
import { isGone, RoomNotice } from './room-notice.tsx';
import { StartChip, StartNotice, unfitDiagnostics, useStartModel, whyUnfit } from './start-model.tsx';
import { TextEditor } from './text-editor.tsx';
import { TrainButton, useTrain, whyBlocked } from './train-button.tsx';
import { isUnsent, UnsentNotice } from './unsent-notice.tsx';
import { useCheck } from './use-check.ts';
import { useEditorCommands } from './use-editor-commands.ts';
import { useFileChanges } from './use-file-changes.ts';
import { useFit } from './use-fit.ts';
import { useHere } from './use-here.ts';
import { useLanguage } from './use-language.ts';
import { useMergeGuard } from './use-merge-guard.ts';
import { useOpened } from './use-opened.ts';
import { isConfig, useProfiles } from './use-profiles.ts';

const FIRST_FILE = 'anneal.yaml';

export function EditorScreen() {
  const { project = 'sample' } = useParams();
  const [search] = useSearchParams();
  return <ProjectEditor key={project} project={project} path={search.get('file') ?? FIRST_FILE} />;
}

/**
 * Puts the parts together. What a run that trains beside it changes (the time of a step, and so the report)
 * draws the estimate anew and nothing else: the other parts are memoised, and what they are given stays the same.
 */
function ProjectEditor({ project, path }: { readonly project: string; readonly path: string }) {
  const [pane, setPane] = useState<Pane>('editor');
  const showText = useCallback(() => setPane('editor'), []);
  const showSide = useCallback(() => setPane('side'), []);
  const goToFile = useGoToFile(project, showText);
  const config = isConfig(path);

  const projectRoom = useProjectRoom(project).room;
  const projectState = useRoomState(projectRoom);
  const { room, error } = useFileRoom(project, path);
  const state = useRoomState(room);
  const files = useFiles(projectRoom);
  const actions = useFileActions(project, files, goToFile);
  const role = useRole(project);
  const projectDeleted = isDeleted(projectState);
  const mayChange = may(role, 'project.change') && !projectDeleted;
  const closed = whyClosed(path, state, projectDeleted);
  const readOnly = readOnlyBecause(state?.role ?? role);

  const opened = useOpened(showText);
  const { editing } = opened;
  const { profiles, progress, follow } = useProfiles(project, files);
  const heard = useRef<Parameters<typeof useCheck>[1]>(() => undefined);
  const { shown, check, failure } = useCheck(profiles, (report, text) => heard.current(report, text));
  const language = useLanguage({ opened, config, readOnly, check });
  const guarding = useMergeGuard(config ? room : null, editing, allows(state?.role ?? null, 'document.edit'));
  heard.current = (report, text) => {
    language.onReport(report, text);
    guarding.onReport(report, text);
    follow(report, text);
  };
  const reviewing = useReviewing({
    project,
    path,
    room,
    state,
    projectRoom,
    closed,
    projectDeleted,
    opened: editing,
    onShow: showSide,
  });
  useHere({ projectRoom, path, room, editing });
  useFileChanges({
    project,
    path,
    room,
    state,
    projectRoom,
    projectDeleted,
    files,
    goToFile,
    keepCopy: actions.keepCopy,
  });

  const start = useStartModel(project);
  const { differs, fit } = useFit(project, path, shown.report, start);
  const training = useTrain(project, room, path, opened.text, start?.found?.model ?? null);
  const blocked = config
    ? (whyBlocked(shown, state?.ready ?? false, closed) ?? whyUnfit(start, differs ?? []))
    : (closed ?? 'Open a config (.yaml) to train what it describes.');
  const train = useLatest(() => {
    if (blocked === null) void training.train();
    else notifications.show({ color: 'yellow', title: 'Train is blocked', message: blocked });
  });
  useEffect(() => {
    if (editing === null || editing.model.isDisposed() || !config) return;
    const { editor, monaco } = editing;
    editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, train);
  }, [editing, config, train]);
  useEditorCommands({ path, files, actions, mayChange, reviewing, guarding, train, goToFile });

  const found = shown.report?.diagnostics ?? null;
  const { text } = opened;
  const diagnostics = useMemo(() => {
    if (!config) return [];
    return found === null || start === null || differs === null
      ? found
      : [...unfitDiagnostics(start, differs, text()), ...found];
  }, [config, found, start, differs, text]);
  const file = useMemo(() => ({ project, path }), [project, path]);
  const estimate = shown.good?.estimate ?? null;
  const { stale } = shown;
  const { device } = profiles;
  const estimatePanel = useMemo(
    () => <EstimatePanel estimate={estimate} closed={closed} stale={stale} device={device} />,
    [estimate, closed, stale, device],
  );
  const doing = training.progress ?? progress;
  const doingWords = useDoingWords(doing);
  return (
    <>
      <Fill slot="header">
        {start !== null && <StartChip start={start} />}
        <TrainButton blocked={blocked} busy={training.busy} onTrain={train} />
      </Fill>
      <Fill slot="status:connection">
        <ConnectionStatus room={room} />
      </Fill>
      {doing !== null && (
        <Fill slot="status:job">
          <span role="status">{doingWords}</span>
        </Fill>
      )}
      <EditorLayout
        pane={pane}
        onPane={setPane}
        problemCount={closed === null ? (diagnostics?.length ?? 0) : 0}
        notice={guarding.good === null ? null : <MergeHint onShow={showText} />}
        panes={{
          files: (
            <FileTree
              files={files}
              current={path}
              mayChange={mayChange}
              onOpen={goToFile}
              onCreate={actions.create}
              onRename={actions.rename}
              onDelete={actions.remove}
            />
          ),
          editor:
            error !== null ? (
              <ErrorNotice error={error} />
            ) : projectDeleted || room === null || state?.ready !== true || isGone(state) ? (
              <RoomNotice
                room={room}
                state={state}
                path={path}
                projectRoom={projectRoom}
                projectState={projectState}
                role={role}
                mayChange={mayChange}
                onRestore={() => void actions.restore(path)}
              />
            ) : (
              <div className="text-with-notice">
                {start !== null && config && <StartNotice start={start} differs={differs} onFit={fit} />}
                {editing !== null && <MergeNotice guarding={guarding} opened={editing} />}
                {isUnsent(state) ? (
                  <UnsentNotice room={room} role={state.role ?? role} />
                ) : (
                  <RoleNotice role={state.role ?? role} />
                )}
                <TextEditor
                  room={room}
                  language={config ? 'yaml' : languageOf(path)}
                  label={`Text of ${path}`}
                  readOnly={readOnly}
                  onOpen={opened.onOpen}
                />
              </div>
            ),
          problems: (
            <ProblemsPanel
              diagnostics={diagnostics}
              closed={closed}
              failure={failure}
              onGoTo={opened.goTo}
              onFix={readOnly === null ? language.applyFix : null}
              onSuggest={reviewing.maySuggest ? reviewing.suggestFix : null}
            />
          ),
          side: (
            <ReviewPanels
              file={file}
              reviewing={reviewing}
              role={state?.role ?? null}
              opened={editing}
              onOpenFile={goToFile}
              estimate={estimatePanel}
            />
          ),
        }}
      />
    </>
  );
}

/** Keeps the model that the next run starts from. */
function useGoToFile(project: string, onGo: () => void): (path: string) => void {
  const navigate = useNavigate();
  const from = useSearchParams()[0].get('from');
  return useCallback(
    (path: string) => {
      onGo();
      const search = new URLSearchParams({
        ...(path === FIRST_FILE ? {} : { file: path }),
        ...(from === null ? {} : { from }),
      });
      void navigate({ pathname: `/p/${encodeURIComponent(project)}`, search: `${search}` });
    },
    [navigate, project, from, onGo],
  );
}

function languageOf(path: string): string {
  return /\.md$/i.test(path) ? 'markdown' : 'plaintext';
}
