import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { BucketOptions } from '../artifacts/s3/options.ts';

interface Kept {
  readonly bytes: Buffer;
  readonly metadata: Readonly<Record<string, string>>;
  readonly modified: Date;
}

interface Multipart {
  readonly key: string;
  readonly parts: Map<number, Buffer>;
}

/** As much of S3's protocol as artifacts need, in memory: for tests alone. */
export class FakeS3 {
  readonly objects = new Map<string, Kept>();
  readonly uploads = new Map<string, Multipart>();
  readonly bucket = 'artifacts';
  /** So many objects arrive with another bit than they were sent with. */
  damaging = 0;
  #port = 0;

  static async start(): Promise<FakeS3> {
    const fake = new FakeS3();
    const server = createServer((request, response) => {
      fake.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    fake.#port = (server.address() as AddressInfo).port;
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return fake;
  }

  options(prefix = 'anneal/'): BucketOptions {
    return {
      bucket: this.bucket,
      prefix,
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${this.#port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    };
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, bucket, ...rest] = url.pathname.split('/').map(decodeURIComponent);
    const key = rest.join('/');
    const query = url.searchParams;
    const body = await bytesOf(request);
    if (bucket !== this.bucket) return missing(response, 'NoSuchBucket');
    if (key === '') return this.#answerBucket(request.method ?? '', query, body, response);
    const uploadId = query.get('uploadId');
    if (query.has('uploads') && request.method === 'POST') {
      const id = randomUUID();
      this.uploads.set(id, { key, parts: new Map() });
      return xml(
        response,
        `<InitiateMultipartUploadResult><Bucket>${bucket}</Bucket><Key>${key}</Key><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (uploadId !== null) return this.#answerUpload(request, response, uploadId, query, body);
    switch (request.method) {
      case 'PUT':
        return this.#put(key, request, response, body);
      case 'GET':
      case 'HEAD':
        return this.#get(key, request, response);
      case 'DELETE':
        this.objects.delete(key);
        response.writeHead(204).end();
        return;
      default:
        response.writeHead(405).end();
    }
  }

  #answerBucket(method: string, query: URLSearchParams, body: Buffer, response: ServerResponse): void {
    if (method === 'HEAD') {
      response.writeHead(200).end();
    } else if (query.has('delete')) {
      for (const [, key = ''] of body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)) this.objects.delete(key);
      xml(response, '<DeleteResult></DeleteResult>');
    } else {
      // Two to a page, so that whoever reads only the first page is found out.
      const prefix = query.get('prefix') ?? '';
      const after = query.get('continuation-token') ?? '';
      const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
      const page = keys.slice(0, 2);
      const contents = page.map((key) => {
        const { bytes, modified } = this.objects.get(key) as Kept;
        return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><ETag>${tagOf(bytes)}</ETag><LastModified>${modified.toISOString()}</LastModified></Contents>`;
      });
      const more = keys.length > page.length;
      const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
      xml(
        response,
        `<ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join('')}</ListBucketResult>`,
      );
    }
  }

  #answerUpload(
    request: IncomingMessage,
    response: ServerResponse,
    id: string,
    query: URLSearchParams,
    body: Buffer,
  ): void {
    const upload = this.uploads.get(id);
    if (upload === undefined) {
      missing(response, 'NoSuchUpload');
      return;
    }
    const { 'x-amz-copy-source': source, 'x-amz-copy-source-range': range } = request.headers;
    const part = Number(query.get('partNumber'));
    if (request.method === 'PUT' && typeof source === 'string') {
      const from = this.objects.get(decodeURIComponent(source).split('/').slice(1).join('/'));
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(String(range)) ?? [];
      const bytes = from?.bytes.subarray(Number(first), Number(last) + 1) ?? Buffer.alloc(0);
      upload.parts.set(part, bytes);
      xml(response, `<CopyPartResult><ETag>${tagOf(bytes)}</ETag></CopyPartResult>`);
    } else if (request.method === 'PUT') {
      const md5 = request.headers['content-md5'];
      if (this.damaging > 0) {
        this.damaging--;
        body.writeUInt8(body.readUInt8(0) ^ 1, 0);
      }
      if (md5 !== undefined && md5 !== createHash('md5').update(body).digest('base64')) {
        refused(response, 400, 'BadDigest');
        return;
      }
      upload.parts.set(part, body);
      response.writeHead(200, { etag: tagOf(body) }).end();
    } else if (request.method === 'GET') {
      const parts = [...upload.parts].map(
        ([number, bytes]) =>
          `<Part><PartNumber>${number}</PartNumber><Size>${bytes.length}</Size><ETag>${tagOf(bytes)}</ETag></Part>`,
      );
      xml(response, `<ListPartsResult><IsTruncated>false</IsTruncated>${parts.join('')}</ListPartsResult>`);
    } else if (request.method === 'POST') {
      const parts = [...upload.parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
      this.objects.set(upload.key, { bytes: Buffer.concat(parts), metadata: {}, modified: new Date() });
      this.uploads.delete(id);
      xml(
        response,
        `<CompleteMultipartUploadResult><Key>${upload.key}</Key></CompleteMultipartUploadResult>`,
      );
    } else {
      this.uploads.delete(id);
      response.writeHead(204).end();
    }
  }

  #put(key: string, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const { 'x-amz-copy-source': source, 'x-amz-checksum-sha256': checksum } = request.headers;
    let bytes = body;
    if (this.damaging > 0 && body.length > 0) {
      this.damaging--;
      body.writeUInt8(body.readUInt8(0) ^ 1, 0);
    }
    if (checksum !== undefined && checksum !== createHash('sha256').update(body).digest('base64')) {
      refused(response, 400, 'BadDigest');
      return;
    }
    if (typeof source === 'string') {
      const from = decodeURIComponent(source).split('/').slice(1).join('/');
      const found = this.objects.get(from);
      if (found === undefined) {
        missing(response, 'NoSuchKey');
        return;
      }
      bytes = found.bytes;
    }
    const metadata = Object.fromEntries(
      Object.entries(request.headers).flatMap(([name, value]) =>
        name.startsWith('x-amz-meta-') ? [[name, String(value)]] : [],
      ),
    );
    this.objects.set(key, { bytes, metadata, modified: new Date() });
    if (typeof source === 'string')
      xml(response, `<CopyObjectResult><ETag>${tagOf(bytes)}</ETag></CopyObjectResult>`);
    else response.writeHead(200, { etag: tagOf(bytes) }).end();
  }

  #get(key: string, request: IncomingMessage, response: ServerResponse): void {
    const found = this.objects.get(key);
    if (found === undefined) {
      missing(response, 'NoSuchKey');
      return;
    }
    const { bytes, metadata, modified } = found;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const part = range === null ? bytes : bytes.subarray(Number(range[1]), Number(range[2]) + 1);
    response.writeHead(range === null ? 200 : 206, {
      ...metadata,
      etag: tagOf(bytes),
      'last-modified': modified.toUTCString(),
      'content-length': part.length,
    });
    response.end(request.method === 'HEAD' ? undefined : part);
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

const tagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`;

function xml(response: ServerResponse, body: string): void {
  response.writeHead(200, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>${body}`);
}

const missing = (response: ServerResponse, code: string): void => refused(response, 404, code);

function refused(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code></Error>`);
}
