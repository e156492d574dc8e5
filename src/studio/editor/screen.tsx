import { Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import { useLocation, useNavigate, useParams, useSearchParams } from 'react-router';
import { fitEdits, misfits } from '../../domain/plan/fit.ts';
import type { Fix, PreflightReport, Range } from '../../domain/preflight/report.ts';
import { useServices } from '../app/services.ts';
import { Fill } from '../app/slots.tsx';
import { ConnectionStatus } from '../app/status-items.tsx';
import { useCommands } from '../app/use-commands.ts';
import { useRole } from '../app/use-role.ts';
import { useFileRoom, useFiles, useProjectRoom, useRoomState } from '../app/use-room.ts';
import { may } from '../app/use-session.ts';
import './editor.css';
import { useDoingWords } from '../../ui/doing.tsx';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { editText } from '../shared/edit-config.ts';
import { FileTree } from './files/file-tree.tsx';
import { notifyFailure, useFileActions } from './files/use-file-actions.tsx';
import { EditorLayout, type Pane } from './layout.tsx';
import { type MergeGuarding, MergeNotice, useMergeGuard } from './merge-guard.tsx';
import { type Checked, provideLanguage, showMarkers } from './monaco/language.ts';
import { toMonacoEdit, toMonacoRange } from './monaco/ranges.ts';
import { EstimatePanel } from './panels/estimate.tsx';
import { ProblemCounts, Problems } from './panels/problems.tsx';
import { ReviewPanels } from './panels/review.tsx';
import { reviewCommands } from './review/commands.ts';
import { allows } from './review/use-review.ts';
import { useReviewing } from './review/use-reviewing.ts';
import { RoleNotice, readOnlyBecause } from './role-notice.tsx';
import { RoomNotice } from './room-notice.tsx';
import { StartChip, StartNotice, unfitDiagnostics, useStartModel, whyUnfit } from './start-model.tsx';
import { type OpenEditor, TextEditor } from './text-editor.tsx';
import { TrainButton, useTrain, whyBlocked } from './train-button.tsx';
import { UnsentNotice } from './unsent-notice.tsx';
import { useCheck } from './use-check.ts';
import { isConfig, useProfiles } from './use-profiles.ts';

const FIRST_FILE = 'anneal.yaml';

export function EditorScreen() {
  const { project = 'sample' } = useParams();
  const [search] = useSearchParams();
  return <ProjectEditor key={project} project={project} path={search.get('file') ?? FIRST_FILE} />;
}

function ProjectEditor({ project, path }: { readonly project: string; readonly path: string }) {
  const { documents, preflight } = useServices();
  const navigate = useNavigate();
  const [pane, setPane] = useState<Pane>('editor');
  const projectRoom = useProjectRoom(project).room;
  const { room, error } = useFileRoom(project, path);
  const state = useRoomState(room);
  const files = useFiles(projectRoom);
  const open = useRef<OpenEditor | null>(null);
  const [opened, setOpened] = useState<OpenEditor | null>(null);
  const checked = useRef<Checked | null>(null);
  const onChecked = useRef<MergeGuarding['onReport']>(() => undefined);
  const afterReport = useRef<((report: PreflightReport, text: string) => void) | null>(null);

  const from = useSearchParams()[0].get('from');
  const goToFile = useCallback(
    (to: string) => {
      setPane('editor');
      const search = new URLSearchParams({
        ...(to === FIRST_FILE ? {} : { file: to }),
        ...(from === null ? {} : { from }),
      });
      void navigate({ pathname: `/p/${encodeURIComponent(project)}`, search: `${search}` });
    },
    [navigate, project, from],
  );
  const actions = useFileActions(project, files, goToFile);
  const { profiles, progress, follow } = useProfiles(project, files);
  const { shown, check, failure } = useCheck(profiles, (report, text) => {
    afterReport.current?.(report, text);
    onChecked.current(report, text);
    follow(report, text);
  });
  const showSide = useCallback(() => setPane('side'), []);
  const reviewing = useReviewing({ project, path, room, state, projectRoom, opened, onShow: showSide });
  const guarding = useMergeGuard(room, opened);
  onChecked.current = guarding.onReport;
  const mayEdit = allows(state, 'document.edit');
  const role = useRole(project);
  const mayChange = may(role, 'project.change');
  const readOnly = readOnlyBecause(state?.role ?? role);
  const whyNot = useRef(readOnly);
  whyNot.current = readOnly;
  const textNow = useCallback(() => open.current?.model.getValue() ?? '', []);
  const start = useStartModel(project);
  const {
    train,
    busy,
    progress: starting,
  } = useTrain(project, room, path, textNow, start?.found?.model ?? null);
  const config = isConfig(path);
  const section = shown.report?.config?.model ?? null;
  const base = start?.found?.facts.model ?? null;
  const differs = useMemo(
    () => (section === null || base === null ? [] : misfits(section, base)),
    [section, base],
  );
  const fit = (): void => {
    if (section === null || base === null) return;
    editText(documents, project, path, fitEdits(section, base)).then((done) => {
      if (!done)
        notifyFailure(
          new Error('The model section cannot be edited as it stands: mend what Problems says first.'),
        );
    }, notifyFailure);
  };
  const blocked = config
    ? (whyBlocked(shown, state?.ready ?? false) ?? whyUnfit(start, differs))
    : 'Open a config (.yaml) to train what it describes.';
  const trainIfPossible = useRef<() => void>(() => undefined);
  trainIfPossible.current = () => {
    if (blocked === null) void train();
    else notifications.show({ color: 'yellow', title: 'Train is blocked', message: blocked });
  };

  const onOpen = useCallback(
    (editing: OpenEditor) => {
      const { monaco, editor, model } = editing;
      open.current = editing;
      checked.current = null;
      setOpened(editing);
      const close = (): void => {
        open.current = null;
        setOpened(null);
      };
      if (!config) return close;
      const language = provideLanguage(monaco, model, preflight, () => checked.current);
      afterReport.current = (report, text) => {
        if (model.isDisposed() || model.getValue() !== text) return; // an answer to an older text
        checked.current = { report, version: model.getVersionId() };
        showMarkers(monaco, model, report);
        language.refreshHints();
      };
      check(model.getValue());
      const changes = model.onDidChangeContent(() => check(model.getValue()));
      editor.addCommand(monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, () => trainIfPossible.current());
      return () => {
        afterReport.current = null;
        close();
        changes.dispose();
        language.dispose();
      };
    },
    [check, config, preflight],
  );
  const goTo = useCallback((range: Range) => {
    setPane('editor');
    const editor = open.current?.editor;
    if (editor === undefined) return;
    editor.setSelection(toMonacoRange(range));
    editor.revealRangeInCenterIfOutsideViewport(toMonacoRange(range));
    editor.focus();
  }, []);
  const applyFix = useCallback((fix: Fix) => {
    const editor = open.current?.editor;
    const isCurrent = checked.current?.version === open.current?.model.getVersionId();
    if (editor === undefined || !isCurrent) return; // the text has moved on: the next report has the fix anew
    if (whyNot.current !== null) {
      notifications.show({ color: 'yellow', title: 'The text can only be read', message: whyNot.current });
      return;
    }
    editor.pushUndoStop();
    editor.executeEdits('anneal.fix', fix.edits.map(toMonacoEdit));
    editor.pushUndoStop();
  }, []);

  // Somebody's face was clicked: go to their caret, once the text is there.
  const wantedPerson: unknown = useLocation().state?.person;
  useEffect(() => {
    if (typeof wantedPerson !== 'string' || room === null || opened === null) return;
    const offset = documents.caretOf(room, wantedPerson);
    if (offset === null) return;
    const position = opened.model.getPositionAt(offset);
    opened.editor.setPosition(position);
    opened.editor.revealPositionInCenter(position);
    opened.editor.focus();
  }, [documents, wantedPerson, room, opened]);

  // Tell the others which file this page shows.
  useEffect(() => {
    if (projectRoom === null) return;
    documents.showFile(projectRoom, path);
    return () => documents.showFile(projectRoom, null);
  }, [documents, projectRoom, path]);

  // A file that moved: follow it.
  const goneTo =
    state?.connection.kind === 'refused' && projectRoom !== null
      ? documents.movedTo(projectRoom, path)
      : null;
  useEffect(() => {
    if (goneTo === null) return;
    documents
      .follow(project, path, goneTo)
      .catch(notifyFailure)
      .finally(() => goToFile(goneTo));
  }, [documents, project, path, goneTo, goToFile]);

  // A file that was deleted and is there again, whoever restored it.
  const isListed = files.some((file) => file.path === path);
  useEffect(() => {
    if (isListed && room?.state.connection.kind === 'refused') room.retry();
  }, [isListed, room]);

  // The server was set up anew: what is there is shown, what was here is kept under another name.
  const { keepCopy } = actions;
  const keep = useRef(keepCopy);
  keep.current = keepCopy;
  useEffect(
    () =>
      documents.onReplaced((ofProject, ofPath, text) => {
        if (ofProject !== project || text === null || text.trim() === '') return;
        keep.current(ofPath, text).then(
          (copy) =>
            notifications.show({
              color: 'yellow',
              title: 'The server has another document under this name',
              message: `It was probably set up anew. What you had is kept as ${copy}.`,
              autoClose: false,
            }),
          notifyFailure,
        );
      }),
    [documents, project],
  );

  useCommands([
    {
      id: 'train',
      label: 'Train',
      group: 'Run',
      shortcut: 'Ctrl+Enter',
      run: () => trainIfPossible.current(),
    },
    ...(mayChange
      ? [
          { id: 'file.new', label: 'New file', group: 'Files', run: actions.create },
          { id: 'file.rename', label: `Rename ${path}`, group: 'Files', run: () => actions.rename(path) },
          {
            id: 'file.delete',
            label: `Delete ${path}`,
            group: 'Files',
            run: () => void actions.remove(path),
          },
        ]
      : []),
    ...reviewCommands(reviewing, guarding),
    ...files
      .filter(({ entry }) => entry.kind === 'text')
      .map((file) => ({
        id: `file.open ${file.path}`,
        label: `Open ${file.path}`,
        group: 'Files',
        run: () => goToFile(file.path),
      })),
  ]);

  const diagnostics = useMemo(() => {
    if (!config) return [];
    const found = shown.report?.diagnostics ?? null;
    return found === null || start === null
      ? found
      : [...unfitDiagnostics(start, differs, textNow()), ...found];
  }, [config, shown.report, start, differs, textNow]);
  const doing = starting ?? progress;
  const doingWords = useDoingWords(doing);
  const notice = (
    <RoomNotice room={room} state={state} path={path} onRestore={() => void actions.restore(path)} />
  );
  const isShown = room !== null && state?.ready === true && !isGone(state);
  return (
    <>
      <Fill slot="header">
        {start !== null && <StartChip start={start} />}
        <TrainButton blocked={blocked} busy={busy} onTrain={() => trainIfPossible.current()} />
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
        problemCount={diagnostics?.length ?? 0}
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
            ) : isShown ? (
              <div className="text-with-notice">
                {start !== null && config && (
                  <StartNotice start={start} differs={section === null ? null : differs} onFit={fit} />
                )}
                {opened !== null && <MergeNotice guarding={guarding} opened={opened} mayEdit={mayEdit} />}
                <UnsentNotice room={room} state={state} />
                <RoleNotice role={state.role ?? role} />
                <TextEditor
                  room={room}
                  language={config ? 'yaml' : languageOf(path)}
                  label={`Text of ${path}`}
                  readOnly={readOnly}
                  onOpen={onOpen}
                />
              </div>
            ) : (
              notice
            ),
          problems: (
            <section className="panel" aria-label="Problems">
              <div className="panel-title">
                <Text size="xs" fw={600}>
                  Problems
                </Text>
                <ProblemCounts diagnostics={diagnostics ?? []} />
              </div>
              <div className="panel-body">
                {failure !== null && <ErrorNotice error={failure} />}
                <Problems
                  diagnostics={diagnostics}
                  onGoTo={goTo}
                  onFix={applyFix}
                  onSuggest={reviewing.maySuggest ? reviewing.suggestFix : null}
                />
              </div>
            </section>
          ),
          side: (
            <ReviewPanels
              file={{ project, path }}
              reviewing={reviewing}
              state={state}
              opened={opened}
              onOpenFile={goToFile}
              estimate={
                <EstimatePanel
                  estimate={shown.good?.estimate ?? null}
                  stale={shown.stale}
                  device={profiles.device}
                />
              }
            />
          ),
        }}
      />
    </>
  );
}

function isGone(state: { readonly connection: { readonly kind: string; readonly code?: number } }): boolean {
  const { kind, code } = state.connection;
  return kind === 'refused' && (code === 4404 || code === 4410);
}

function languageOf(path: string): string {
  return /\.md$/i.test(path) ? 'markdown' : 'plaintext';
}
