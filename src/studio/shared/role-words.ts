import type { Role } from '../../domain/access/roles.ts';

/** The roles as people read them; `may` goes on from "who may". */
export const roleWords: Readonly<
  Record<Role, { readonly name: string; readonly one: string; readonly may: string }>
> = {
  owner: { name: 'Owner', one: 'an owner', may: 'do everything, and decide who else is in' },
  editor: { name: 'Editor', one: 'an editor', may: 'change texts, data and projects' },
  commenter: { name: 'Commenter', one: 'a commenter', may: 'read, comment, and suggest changes' },
  viewer: { name: 'Viewer', one: 'a viewer', may: 'read, and follow what the others do' },
};
