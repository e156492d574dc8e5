import type { editor, IPosition } from 'monaco-editor/editor';

/** How long a name stays beside a caret that has moved. Hovering shows it again. */
const NAME_MS = 2500;

/** One person's caret in one editor, with their name for a while after it moved. Styled by carets.css. */
export class Caret implements editor.IContentWidget {
  readonly #editor: editor.ICodeEditor;
  readonly #id: string;
  readonly #node = document.createElement('div');
  readonly #name = document.createElement('span');
  #position: IPosition = { lineNumber: 1, column: 1 };
  #added = false;
  #fading: ReturnType<typeof setTimeout> | null = null;
  readonly suppressMouseDown = true;

  constructor(one: editor.ICodeEditor, id: string) {
    this.#editor = one;
    this.#id = id;
    this.#name.className = 'remote-caret-name';
    this.#node.append(this.#name);
    this.#node.setAttribute('aria-hidden', 'true'); // the list of people says it to those who do not see
  }

  show(next: { readonly position: IPosition; readonly colour: number; readonly name: string | null }): void {
    const moved =
      next.position.lineNumber !== this.#position.lineNumber ||
      next.position.column !== this.#position.column;
    this.#position = next.position;
    const first = next.position.lineNumber === 1 ? ' on-first-line' : '';
    this.#node.className = `remote-caret person-${next.colour}${first}`;
    this.#name.textContent = next.name;
    this.#name.hidden = next.name === null;
    if (!this.#added) this.#editor.addContentWidget(this);
    else if (moved) this.#editor.layoutContentWidget(this);
    if (moved || !this.#added) this.#showName();
    this.#added = true;
  }

  #showName(): void {
    if (this.#fading !== null) clearTimeout(this.#fading);
    this.#node.dataset.named = '';
    this.#fading = setTimeout(() => delete this.#node.dataset.named, NAME_MS);
  }

  getId(): string {
    return this.#id;
  }

  getDomNode(): HTMLElement {
    this.#node.style.height = `${this.#editor.getOption(LINE_HEIGHT)}px`;
    return this.#node;
  }

  getPosition(): editor.IContentWidgetPosition {
    return { position: this.#position, preference: [EXACT] };
  }

  dispose(): void {
    if (this.#fading !== null) clearTimeout(this.#fading);
    if (this.#added) this.#editor.removeContentWidget(this);
    this.#added = false;
  }
}

/** editor.ContentWidgetPositionPreference.EXACT: types only here. */
const EXACT: editor.ContentWidgetPositionPreference.EXACT = 0;
const LINE_HEIGHT: editor.EditorOption.lineHeight = 75;
