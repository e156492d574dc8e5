import { defineErrors, type ErrorCode } from '../base/error.ts';

/** What can go wrong on the wire, on either side of it. */
export const protocolErrors = defineErrors('PRO', {
  badRequest: {
    number: 1,
    title: 'The request does not have the shape that this address expects',
    fix: 'Compare it with /api/v1/openapi.json; `where` names the field.',
  },
  foreignOrigin: {
    number: 2,
    title: 'A page of another origin may not use this server',
    fix: 'Open the studio at the address that the server printed, or start the server with --public-url.',
  },
  foreignHost: {
    number: 3,
    title: 'The server does not go by this name',
    fix: 'Use the address that the server printed, or start the server with --allow-host NAME.',
  },
  notFound: {
    number: 4,
    title: 'There is nothing at this address',
    fix: 'Look at /api/v1/openapi.json for the addresses that exist.',
  },
  projectNotFound: {
    number: 5,
    title: 'There is no such project',
    fix: 'List the projects, or create this one.',
  },
  projectDeleted: {
    number: 6,
    title: 'The project has been deleted',
    fix: 'Restore it from the list of deleted projects.',
  },
  projectExists: {
    number: 7,
    title: 'There is a project with this id already',
    fix: 'Choose another id, or restore the deleted project that has it.',
  },
  fileNotFound: {
    number: 8,
    title: 'There is no such file in the project',
    fix: 'List the files of the project; paths are relative and use /.',
  },
  fileExists: {
    number: 9,
    title: 'There is a file with this path already',
    fix: 'Choose another path. If the file was deleted: restore it, or delete it for good with ?forever=true.',
  },
  fileDeleted: {
    number: 10,
    title: 'The file has been deleted',
    fix: 'Restore it from the list of deleted files.',
  },
  notText: {
    number: 11,
    title: 'The file is not a shared text',
    fix: 'Fetch its bytes from /api/v1/artifacts/<sha256>.',
  },
  artifactNotFound: {
    number: 12,
    title: 'No artifact with this hash is stored here',
    fix: 'Upload it with PUT from a browser or machine that has it.',
  },
  hashMismatch: {
    number: 13,
    title: 'The bytes do not have the hash that they were announced with',
    fix: 'Nothing was stored. Compute the SHA-256 again and repeat the transfer.',
  },
  tooLarge: {
    number: 14,
    title: 'This is larger than the server accepts',
    fix: 'Send less, or start the server with a higher limit (--max-artifact-bytes for artifacts).',
  },
  badRange: {
    number: 15,
    title: 'The requested range lies outside of the artifact',
    fix: 'Ask for bytes that exist; HEAD tells the length.',
  },
  unsupportedMediaType: {
    number: 16,
    title: 'The body has a content type that this address does not read',
    fix: 'Send application/json (artifacts: application/octet-stream).',
  },
  storageFull: {
    number: 17,
    title: 'The disk of the server is full',
    fix: 'Free space on the disk that holds the data folder and try again; nothing was lost.',
  },
  shuttingDown: {
    number: 18,
    title: 'The server is shutting down',
    fix: 'Try again when it runs.',
  },
  internal: {
    number: 19,
    title: 'The server failed on this request',
    fix: 'This is a defect of Anneal; please report it with what the server printed.',
  },
  unreachable: {
    number: 20,
    title: 'The server cannot be reached',
    fix: 'Check that it runs (npm start) and that the address is right; local work goes on meanwhile.',
  },
  timeout: {
    number: 21,
    title: 'The server did not answer in time',
    fix: 'Try again; if it goes on, look at what the server prints.',
  },
  aborted: {
    number: 22,
    title: 'The request was cancelled',
    fix: 'Nothing to do.',
  },
  tooManyConnections: {
    number: 24,
    title: 'There are too many connections, at all or from this address',
    fix: 'Close some, or try again later.',
  },
  badResponse: {
    number: 23,
    title: 'The server answered with something that this version does not understand',
    fix: 'Reload the page, so that both are of the same version.',
  },
  notSignedIn: {
    number: 30,
    title: 'You are not signed in',
    fix: 'Sign in, open your link again, or send an API key (Authorization: Bearer <key>).',
  },
  forbidden: {
    number: 31,
    title: 'Your role does not allow this',
    fix: 'Ask an owner of the workspace for another role, or use a key with the scope that is missing.',
  },
  workspaceNotFound: {
    number: 32,
    title: 'There is no such workspace',
    fix: 'List your workspaces, or ask for an invitation.',
  },
  wrongCredentials: {
    number: 33,
    title: 'Name and password do not fit together',
    fix: 'Try again. Who has lost the password is invited anew, under another name.',
  },
  tooManyAttempts: {
    number: 34,
    title: 'Too many attempts',
    fix: 'Wait as long as Retry-After says, then try again.',
  },
  nameTaken: {
    number: 35,
    title: 'Somebody has this name already',
    fix: 'Choose another name, or sign in and open the invitation again.',
  },
  linkInvalid: {
    number: 36,
    title: 'The link is not valid, or not any more',
    fix: 'Links expire, can be revoked, and invitations work once; ask for a new one.',
  },
  accessNotFound: {
    number: 37,
    title: 'The workspace has no such member, invitation, key or link',
    fix: 'List them again: somebody may have removed it.',
  },
  lastOwner: {
    number: 38,
    title: 'A workspace has at least one owner',
    fix: 'Make somebody else an owner first.',
  },
  signInOff: {
    number: 39,
    title: 'Sign-in is off on this server',
    fix: 'Start it with ANNEAL_AUTH=on, or with --host beyond this machine.',
  },
  bodyLate: {
    number: 40,
    title: 'The rest of the request did not come in time',
    fix: 'Send it again. Large files go up in pieces, which may take as long as they like.',
  },
  threadNotFound: {
    number: 55,
    title: 'There is no such thread about this text',
    fix: 'Read the review of the file again: it may have been written anew.',
  },
  suggestionNotFound: {
    number: 56,
    title: 'There is no such suggestion for this text',
    fix: 'Read the review of the file again: it may have been written anew.',
  },
  suggestionDecided: {
    number: 57,
    title: 'The suggestion has been decided already',
    fix: 'Look at what became of it; suggest the change anew where it is still wanted.',
  },
  suggestionStale: {
    number: 58,
    title: 'The text has changed where the suggestion would change it',
    fix: 'Compare the two, and suggest the change anew.',
  },
  suggestionForeign: {
    number: 59,
    title: 'The suggestion is somebody else’s',
    fix: 'Only who made a suggestion takes it back; an editor may reject it.',
  },
  versionNotFound: {
    number: 60,
    title: 'There is no such version of this text',
    fix: 'List the versions of the file; automatic ones are thinned out with time.',
  },
  reviewFull: {
    number: 61,
    title: 'As much has been said about this text as the server keeps',
    fix: 'Go on in a new file.',
  },
  textMoved: {
    number: 62,
    title: 'The text is not what it was any more',
    fix: 'Somebody has changed it: look at it as it is now, and try again if you still want to.',
  },
  tooManyWorkspaces: {
    number: 41,
    title: 'You have made as many workspaces as one person may',
    fix: 'Use one that you have, or ask whoever runs the server for more (--max-workspaces).',
  },
  notInvited: {
    number: 42,
    title: 'This server is for those who have been invited',
    fix: 'Ask somebody who is in for an invitation, or whoever runs the server to let in your domain (ANNEAL_OIDC_DOMAINS).',
  },
  tooManyRequests: {
    number: 43,
    title: 'More is asked from this address than the server has room and time for',
    fix: 'Wait as long as Retry-After says, then try again, with fewer requests at once.',
  },
  quotaExceeded: {
    number: 45,
    title: 'The workspace has no room for this artifact',
    fix: 'Remove what is no longer needed and collect artifacts, or ask an owner to raise the limit of the workspace.',
  },
  uploadBusy: {
    number: 46,
    title: 'Another tab or machine is sending these bytes at the moment',
    fix: 'Nothing to do: it is tried again, and goes on from what has arrived.',
  },
  uploadNotFound: {
    number: 47,
    title: 'No such upload has begun here',
    fix: 'Begin it with POST /api/v1/uploads; an upload that nobody continued for a week is forgotten.',
  },
  uploadConflict: {
    number: 48,
    title: 'The upload stands at another byte than was said',
    fix: 'Ask with HEAD how many bytes have arrived, and go on from there.',
  },
  artifactDamaged: {
    number: 49,
    title: 'The stored bytes are no longer those of the hash, and were put aside',
    fix: 'Open the project in a browser that has the artifact: it is uploaded again by itself. Look at the disk of the server.',
  },
  collectBusy: {
    number: 50,
    title: 'So much is being written that nobody can say what artifacts it names',
    fix: 'Nothing was removed. Collect when there is less going on.',
  },
});

export type ProtocolErrorName = keyof typeof protocolErrors;

/** HTTP status of each error that a server answers with. The last four arise in the client only. */
const statuses: Readonly<Record<ProtocolErrorName, number>> = {
  badRequest: 400,
  foreignOrigin: 403,
  foreignHost: 403,
  notFound: 404,
  projectNotFound: 404,
  projectDeleted: 410,
  projectExists: 409,
  fileNotFound: 404,
  fileExists: 409,
  fileDeleted: 410,
  notText: 409,
  artifactNotFound: 404,
  hashMismatch: 422,
  tooLarge: 413,
  badRange: 416,
  unsupportedMediaType: 415,
  storageFull: 507,
  shuttingDown: 503,
  tooManyConnections: 429,
  tooManyRequests: 429,
  internal: 500,
  notSignedIn: 401,
  forbidden: 403,
  workspaceNotFound: 404,
  wrongCredentials: 401,
  tooManyAttempts: 429,
  nameTaken: 409,
  linkInvalid: 404,
  accessNotFound: 404,
  lastOwner: 409,
  signInOff: 409,
  bodyLate: 408,
  tooManyWorkspaces: 409,
  notInvited: 403,
  unreachable: 503,
  timeout: 504,
  aborted: 499,
  badResponse: 502,
  threadNotFound: 404,
  suggestionNotFound: 404,
  suggestionDecided: 409,
  suggestionStale: 409,
  suggestionForeign: 403,
  versionNotFound: 404,
  reviewFull: 409,
  textMoved: 409,
  quotaExceeded: 413,
  uploadBusy: 423,
  uploadNotFound: 404,
  uploadConflict: 409,
  artifactDamaged: 410,
  collectBusy: 503,
};

const statusByCode: ReadonlyMap<ErrorCode, number> = new Map(
  (Object.keys(statuses) as ProtocolErrorName[]).map((name) => [protocolErrors[name].code, statuses[name]]),
);

export function statusOf(name: ProtocolErrorName): number {
  return statuses[name];
}

/** The HTTP status for an error's code; 500 for the codes of other areas. */
export function statusOfCode(code: ErrorCode): number {
  return statusByCode.get(code) ?? 500;
}
