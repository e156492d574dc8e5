import { MathBackendWebGL } from '@tensorflow/tfjs-backend-webgl';
import { env } from '@tensorflow/tfjs-core';
import type { AnnealError } from '../../../../base/error.ts';
import { deviceErrors } from '../../../errors.ts';
import type { TfjsBackend } from '../backend.ts';
import { webglKernels } from './kernels.ts';

/** Opens tfjs on a canvas of its own. Throws ANN-DEV-003 where WebGL 2 with float textures is not there. */
export async function openWebgl(): Promise<TfjsBackend> {
  if (typeof OffscreenCanvas === 'undefined') {
    throw deviceErrors.unavailable({ message: 'There is no OffscreenCanvas here' });
  }
  const canvas = new OffscreenCanvas(1, 1);
  const gl = canvas.getContext('webgl2', CONTEXT);
  if (gl === null) throw deviceErrors.unavailable({ message: 'There is no WebGL 2 here' });
  if (gl.getExtension('EXT_color_buffer_float') === null) {
    throw deviceErrors.unavailable({ message: 'WebGL cannot render to 32-bit floats here' });
  }
  // Where a tensor happens to be must not decide what computes it: a run would not repeat bit for bit.
  env().set('WEBGL_CPU_FORWARD', false);
  env().set('WEBGL_SIZE_UPLOAD_UNIFORM', 0);
  const backend = new MathBackendWebGL(canvas);
  const { promise: lost, resolve } = Promise.withResolvers<AnnealError>();
  canvas.addEventListener('webglcontextlost', () => {
    resolve(deviceErrors.lost({ message: 'The WebGL context was lost' }));
  });
  return {
    info: {
      name: 'tfjs-webgl',
      description: renderer(gl),
      limits: { max_buffer_bytes: largestTexture(gl), memory_bytes: null },
    },
    kernelsOf: 'webgl',
    backend,
    kernels: webglKernels(backend),
    lost,
    pooled: true,
    upload: (values, shape) => {
      const tensor = backend.makeTensorInfo(
        [...shape],
        values instanceof Int32Array ? 'int32' : 'float32',
        values.slice(),
      );
      backend.uploadToGPU(tensor.dataId);
      return tensor;
    },
    watch: () => async () => problemOf(gl),
    trim: () => trim(backend),
    dispose: () => {
      backend.dispose();
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

const CONTEXT: WebGLContextAttributes = {
  alpha: false,
  antialias: false,
  premultipliedAlpha: false,
  preserveDrawingBuffer: false,
  depth: false,
  stencil: false,
  failIfMajorPerformanceCaveat: false,
};

function renderer(gl: WebGL2RenderingContext): string {
  const extension = gl.getExtension('WEBGL_debug_renderer_info');
  const name = gl.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
  return `WebGL 2, ${String(name)}`;
}

function largestTexture(gl: WebGL2RenderingContext): number {
  const side = Number(gl.getParameter(gl.MAX_TEXTURE_SIZE));
  return side * side * 16;
}

function problemOf(gl: WebGL2RenderingContext): AnnealError | null {
  const code = gl.getError();
  if (code === gl.NO_ERROR) return null;
  if (code === gl.OUT_OF_MEMORY) return deviceErrors.outOfMemory();
  if (code === gl.CONTEXT_LOST_WEBGL) return deviceErrors.lost({ message: 'The WebGL context was lost' });
  return deviceErrors.failed({ message: `${deviceErrors.failed.title}: WebGL error ${code}` });
}

/** What of tfjs's texture pool is used here: it only deletes what is beyond a threshold. */
interface Pool {
  readonly freeTextures: Record<string, { readonly texture: WebGLTexture }[]>;
  numFreeTextures: number;
  _numBytesAllocated: number;
  _numBytesFree: number;
}

function trim(backend: MathBackendWebGL): void {
  const { textureManager: pool, gpgpu } = backend as unknown as {
    readonly textureManager: Pool;
    readonly gpgpu: { deleteMatrixTexture(texture: WebGLTexture): void };
  };
  for (const textures of Object.values(pool.freeTextures)) {
    for (const { texture } of textures.splice(0)) {
      gpgpu.deleteMatrixTexture(texture);
      pool.numFreeTextures--;
    }
  }
  pool._numBytesAllocated -= pool._numBytesFree;
  pool._numBytesFree = 0;
}
