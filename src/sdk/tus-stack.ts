import type { HttpRequest, HttpResponse, HttpStack } from 'tus-js-client';

/**
 * tus over fetch, for where there is no XMLHttpRequest. Bodies are Blobs, of which fetch does not say how far it
 * is: progress comes by the chunk.
 */
export function fetchStack(send: typeof fetch): HttpStack {
  return {
    createRequest: (method, url) => new FetchRequest(send, method, url),
    getName: () => 'fetch',
  };
}

class FetchRequest implements HttpRequest {
  readonly #send: typeof fetch;
  readonly #method: string;
  readonly #url: string;
  readonly #headers = new Headers();
  readonly #controller = new AbortController();

  constructor(send: typeof fetch, method: string, url: string) {
    this.#send = send;
    this.#method = method;
    this.#url = url;
  }

  getMethod(): string {
    return this.#method;
  }

  getURL(): string {
    return this.#url;
  }

  setHeader(header: string, value: string): void {
    this.#headers.set(header, value);
  }

  getHeader(header: string): string | undefined {
    return this.#headers.get(header) ?? undefined;
  }

  setProgressHandler(): void {}

  async send(body: Blob | null): Promise<HttpResponse> {
    const response = await this.#send(this.#url, {
      method: this.#method,
      headers: this.#headers,
      signal: this.#controller.signal,
      ...(body === null || body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      getStatus: () => response.status,
      getHeader: (header) => response.headers.get(header) ?? undefined,
      getBody: () => text,
      getUnderlyingObject: () => response,
    };
  }

  async abort(): Promise<void> {
    this.#controller.abort();
  }

  getUnderlyingObject(): unknown {
    return null;
  }
}
