/** What goes and what comes. */
export function EditPreview({ oldText, newText }: { readonly oldText: string; readonly newText: string }) {
  return (
    <pre className="edit-preview">
      {oldText !== '' && <del>{oldText}</del>}
      {newText !== '' && <ins>{newText}</ins>}
    </pre>
  );
}
