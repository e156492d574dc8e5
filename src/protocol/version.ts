/** The program's version; package.json says the same (a test compares them). */
export const VERSION = '0.1.0';

/** The version of the HTTP interface, part of every address. */
export const API_PREFIX = '/api/v1';
