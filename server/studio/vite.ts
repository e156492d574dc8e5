import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** The studio from its sources, with hot reload, for development. */
export interface ViteStudio {
  handle(request: IncomingMessage, response: ServerResponse): void;
  /** Vite's own socket, for hot reload, comes through the same port. */
  owns(request: IncomingMessage): boolean;
  close(): Promise<void>;
}

/** Vite is loaded here only: a server in use neither needs nor has it. */
export async function startVite(server: Server, root: string): Promise<ViteStudio> {
  const { createServer } = await import('vite');
  const vite = await createServer({
    root,
    server: { middlewareMode: true, hmr: { server }, allowedHosts: true }, // the guard has checked the host
    appType: 'spa',
  });
  return {
    handle: (request, response) => {
      vite.middlewares(request, response, () => {
        response.statusCode = 404;
        response.end();
      });
    },
    owns: (request) => /^vite-(hmr|ping)$/.test(request.headers['sec-websocket-protocol'] ?? ''),
    close: () => vite.close(),
  };
}
