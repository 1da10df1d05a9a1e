import { type Palette, rgbOf, TIER_COLOURS } from './palette.ts';
import { type Range, type Renderer, type RendererInput, seatRadius } from './renderer.ts';
import { FRAGMENT, VERTEX } from './shaders.ts';
import type { View } from './view.ts';

/** Looks are in a texture of this width, one byte a seat. */
const WIDTH = 1024;

/**
 * Draws all seats of a range with one instanced call. Returns undefined when the browser has no WebGL 2, or draws it with
 * the processor and `isSoftwareGood` is false.
 */
export function openWebglRenderer(
  { canvas, layout, looks, palette }: RendererInput,
  isSoftwareGood: boolean,
): Renderer | undefined {
  const gl = openContext(canvas, isSoftwareGood);
  if (!gl) return undefined;
  const program = link(gl);
  if (!program) return undefined;
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const places = ['u_center', 'u_view', 'u_scale', 'u_half', 'u_first', 'u_opacity', 'u_tiers', 'u_states'] as const;
  const at = Object.fromEntries(places.map((name) => [name, uniform(name)])) as Record<
    (typeof places)[number],
    WebGLUniformLocation | null
  >;
  const buffers = openBuffers(gl, layout);
  const rows = Math.max(1, Math.ceil(layout.seatCount / WIDTH));
  const bytes = new Uint8Array(WIDTH * rows);
  openTexture(gl, rows);

  const writeRows = (from: number, to: number) => {
    bytes.set(looks.subarray(from * WIDTH, Math.min(looks.length, (to + 1) * WIDTH)), from * WIDTH);
    const part = bytes.subarray(from * WIDTH, (to + 1) * WIDTH);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, from, WIDTH, to - from + 1, gl.RED_INTEGER, gl.UNSIGNED_BYTE, part);
  };
  const setPalette = (next: Palette) => {
    gl.useProgram(program);
    gl.uniform3fv(at.u_tiers, next.tiers.slice(0, TIER_COLOURS).flatMap(rgbOf));
    gl.uniform3fv(at.u_states, [next.held, next.booked, next.selected, next.surface].flatMap(rgbOf));
  };
  writeRows(0, rows - 1);
  setPalette(palette);

  function drawRange({ first, end }: Range): void {
    buffers.startAt(first);
    gl?.uniform1i(at.u_first, first);
    gl?.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, end - first);
  }

  return {
    name: 'webgl2',
    looksChanged(seatNos) {
      if (seatNos === undefined || seatNos.length > 2_000) return writeRows(0, rows - 1);
      for (const row of new Set(seatNos.map((seatNo) => Math.floor(seatNo / WIDTH)))) writeRows(row, row);
    },
    paletteChanged: setPalette,
    draw(view: View, visible, opacity, pixelRatio) {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      if (opacity === 0) return;
      gl.useProgram(program);
      gl.uniform2f(at.u_center, view.x, view.y);
      gl.uniform2f(at.u_view, canvas.width, canvas.height);
      gl.uniform1f(at.u_scale, view.scale * pixelRatio);
      gl.uniform1f(at.u_half, seatRadius(layout, view) * pixelRatio);
      gl.uniform1f(at.u_opacity, opacity);
      visible.forEach(drawRange);
    },
    dispose() {
      buffers.dispose();
      gl.deleteProgram(program);
      gl.getExtension('WEBGL_lose_context')?.loseContext();
    },
  };
}

function openContext(canvas: HTMLCanvasElement, isSoftwareGood: boolean): WebGL2RenderingContext | null {
  const options = { antialias: false, alpha: true, premultipliedAlpha: true, depth: false };
  const gl = canvas.getContext('webgl2', { ...options, failIfMajorPerformanceCaveat: !isSoftwareGood });
  // Chromium does not count its own software as a caveat.
  return gl && !isSoftwareGood && isSoftware(gl) ? null : gl;
}

function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  return /swiftshader|llvmpipe|software|basic render/i.test(
    String(gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER)),
  );
}

function link(gl: WebGL2RenderingContext): WebGLProgram | undefined {
  const program = gl.createProgram();
  for (const [kind, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) return undefined;
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) return undefined;
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  return program;
}

function openBuffers(gl: WebGL2RenderingContext, { seatCount, x, y, tierOf, flags }: RendererInput['layout']) {
  const positions = new Float32Array(seatCount * 2);
  const kinds = new Uint8Array(seatCount * 2);
  for (let seatNo = 0; seatNo < seatCount; seatNo++) {
    positions[seatNo * 2] = x[seatNo] ?? 0;
    positions[seatNo * 2 + 1] = y[seatNo] ?? 0;
    kinds[seatNo * 2] = (tierOf[seatNo] ?? 0) % TIER_COLOURS;
    kinds[seatNo * 2 + 1] = flags[seatNo] ?? 0;
  }
  const vertexArray = gl.createVertexArray();
  gl.bindVertexArray(vertexArray);
  const fill = (data: Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>, place: number) => {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(place);
    gl.vertexAttribDivisor(place, 1);
    return buffer;
  };
  const position = fill(positions, 0);
  const kind = fill(kinds, 1);
  return {
    startAt(first: number) {
      gl.bindVertexArray(vertexArray);
      gl.bindBuffer(gl.ARRAY_BUFFER, position);
      gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 8, first * 8);
      gl.bindBuffer(gl.ARRAY_BUFFER, kind);
      gl.vertexAttribIPointer(1, 2, gl.UNSIGNED_BYTE, 2, first * 2);
    },
    dispose() {
      for (const buffer of [position, kind]) gl.deleteBuffer(buffer);
      gl.deleteVertexArray(vertexArray);
    },
  };
}

function openTexture(gl: WebGL2RenderingContext, rows: number): void {
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.R8UI, WIDTH, rows);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
}
