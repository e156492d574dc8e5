import type { CloseCode } from '../../src/protocol/sync.ts';

export type CloseCodeValue = (typeof CloseCode)[keyof typeof CloseCode];
