import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { inChunks } from '../../vault/stream-seal.ts';
import type { BlobFacts, BlobName, Blobs, ByteRange } from '../ports.ts';
import { type Bucket, isMissing } from './bucket.ts';

/** A blob whose name is the hash of what is stored. */
const HASH = /^[0-9a-f]{64}$/;
/** What the service takes or copies in one go; larger objects are made of parts. */
const WHOLE_BYTES = 5 * 1024 ** 3;
/** Of 10,000 at most; those that are sent are held in memory. */
const SENT_PART_BYTES = 32 * 1024 ** 2;
const COPIED_PART_BYTES = 1024 ** 3;

/** Which part of which object. */
interface Part {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string | undefined;
  readonly PartNumber: number;
}

/**
 * Blobs as objects `<prefix>blobs/<name>`. An object is there when all of its bytes are, and the service checks
 * them against the hash that they are announced with; what is sealed has another one, and proves itself when it is
 * opened.
 */
export class S3Blobs implements Blobs {
  readonly #bucket: Bucket;
  readonly #wholeBytes: number;
  readonly #partBytes: { readonly sent: number; readonly copied: number };

  constructor(
    bucket: Bucket,
    wholeBytes = WHOLE_BYTES,
    partBytes = { sent: SENT_PART_BYTES, copied: COPIED_PART_BYTES },
  ) {
    this.#bucket = bucket;
    this.#wholeBytes = wholeBytes;
    this.#partBytes = partBytes;
  }

  async stat(name: BlobName): Promise<BlobFacts | null> {
    try {
      const head = await this.#bucket.s3.headObject(this.#at(name));
      return {
        bytes: head.ContentLength ?? 0,
        stamp: `${head.ETag}:${head.ContentLength}`,
        modified: head.LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async read(name: BlobName, range?: ByteRange): Promise<Readable> {
    const { Body } = await this.#bucket.s3.getObject({
      ...this.#at(name),
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
    });
    return Body as Readable; // in Node it is one
  }

  async put(name: BlobName, bytes: number, source: () => Promise<Readable>): Promise<void> {
    if (bytes > this.#wholeBytes) return this.#putInParts(name, await source());
    await this.#bucket.s3.putObject({
      ...this.#at(name),
      Body: await source(),
      ContentLength: bytes,
      ...(HASH.test(name) ? { ChecksumSHA256: Buffer.from(name, 'hex').toString('base64') } : {}),
      ContentType: 'application/octet-stream',
    });
  }

  async touch(name: BlobName): Promise<boolean> {
    const facts = await this.stat(name);
    if (facts === null) return false;
    // An object that is copied onto itself is of this moment, and its bytes are the same. What is too large for
    // it is an artifact by itself, which is not taken away while somebody has it.
    if (facts.bytes <= this.#wholeBytes) await this.#copy(this.key(name), this.key(name));
    return true;
  }

  /** Makes an object of the bucket a blob; it stays where it is. */
  async adopt(key: string, bytes: number, name: BlobName): Promise<void> {
    await this.#copyAll(key, bytes, this.key(name));
  }

  async remove(name: BlobName): Promise<void> {
    await this.#bucket.s3.deleteObject(this.#at(name));
  }

  async setAside(name: BlobName): Promise<void> {
    const facts = await this.stat(name);
    if (facts === null) return;
    const aside = `${this.#bucket.prefix}damaged/${name}.${Date.now()}`;
    await this.#copyAll(this.key(name), facts.bytes, aside);
    await this.remove(name);
  }

  async *list(): AsyncGenerator<{ readonly name: BlobName } & BlobFacts> {
    const prefix = this.key('');
    let token: string | undefined;
    do {
      const page = await this.#bucket.s3.listObjectsV2({
        Bucket: this.#bucket.name,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      for (const { Key = '', Size = 0, ETag, LastModified } of page.Contents ?? []) {
        yield {
          name: Key.slice(prefix.length),
          bytes: Size,
          stamp: `${ETag}:${Size}`,
          modified: LastModified?.getTime() ?? 0,
        };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  key(name: BlobName): string {
    return `${this.#bucket.prefix}blobs/${name}`;
  }

  #at(name: BlobName): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket.name, Key: this.key(name) };
  }

  #copyAll(from: string, bytes: number, to: string): Promise<void> {
    return bytes <= this.#wholeBytes ? this.#copy(from, to) : this.#copyInParts(from, bytes, to);
  }

  async #copy(from: string, to: string): Promise<void> {
    await this.#bucket.s3.copyObject({
      Bucket: this.#bucket.name,
      Key: to,
      CopySource: this.#sourceOf(from),
      MetadataDirective: 'REPLACE',
      ContentType: 'application/octet-stream',
    });
  }

  #sourceOf(key: string): string {
    return `${this.#bucket.name}/${encodeURIComponent(key).replaceAll('%2F', '/')}`;
  }

  #copyInParts(from: string, bytes: number, to: string): Promise<void> {
    const { s3 } = this.#bucket;
    const size = this.#partBytes.copied;
    const CopySource = this.#sourceOf(from);
    return this.#inParts(to, async function* (part) {
      for (let start = 0; start < bytes; start += size) {
        const CopySourceRange = `bytes=${start}-${Math.min(start + size, bytes) - 1}`;
        yield (await s3.uploadPartCopy({ ...part(), CopySource, CopySourceRange })).CopyPartResult?.ETag;
      }
    });
  }

  #putInParts(name: BlobName, source: Readable): Promise<void> {
    const { s3 } = this.#bucket;
    const size = this.#partBytes.sent;
    return this.#inParts(this.key(name), async function* (part) {
      for await (const Body of inChunks(source, size)) {
        const ContentMD5 = createHash('md5').update(Body).digest('base64');
        yield (await s3.uploadPart({ ...part(), Body, ContentMD5 })).ETag;
      }
    });
  }

  /** An object that is there when all of its parts are; each has the tag that the service answered with. */
  async #inParts(key: string, send: (part: () => Part) => AsyncIterable<string | undefined>): Promise<void> {
    const { s3, name } = this.#bucket;
    const place = { Bucket: name, Key: key };
    const { UploadId } = await s3.createMultipartUpload({
      ...place,
      ContentType: 'application/octet-stream',
    });
    try {
      const Parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
      const tags = send(() => ({ ...place, UploadId, PartNumber: Parts.length + 1 }));
      for await (const ETag of tags) Parts.push({ PartNumber: Parts.length + 1, ETag });
      await s3.completeMultipartUpload({ ...place, UploadId, MultipartUpload: { Parts } });
    } catch (error) {
      await s3.abortMultipartUpload({ ...place, UploadId });
      throw error;
    }
  }
}
