/** What WebGPU tells of an adapter, in words. */
export function adapterInWords(info: GPUAdapterInfo): string {
  const words = [info.vendor, info.architecture, info.device, info.description].filter((word) => word !== '');
  return [...new Set(words)].join(' ') || 'an unnamed GPU';
}

/** By these words: whether SwiftShader, llvmpipe or Microsoft's WARP computes, on the processor. */
export function namesSoftware(words: string): boolean {
  return /swiftshader|llvmpipe|lavapipe|basic render|\bwarp\b/i.test(words);
}
