export interface Disposable {
  dispose(): void;
}

/** Collects what must be undone; disposes in reverse order, once. */
export class Disposables implements Disposable {
  #items: (() => void)[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  add(item: Disposable | (() => void)): void {
    const undo = typeof item === 'function' ? item : () => item.dispose();
    if (this.#disposed) undo();
    else this.#items.push(undo);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const undo of this.#items.reverse()) undo();
    this.#items = [];
  }
}
