export const VERTEX = `#version 300 es
layout(location = 0) in vec2 a_at;
layout(location = 1) in uvec2 a_kind;
uniform vec2 u_center, u_view;
uniform float u_scale, u_half;
uniform int u_first;
uniform highp usampler2D u_looks;
out vec2 v_at;
flat out uint v_look, v_tier, v_flags;
void main() {
  int seat = u_first + gl_InstanceID;
  v_look = texelFetch(u_looks, ivec2(seat & 1023, seat >> 10), 0).r;
  v_tier = a_kind.x;
  v_flags = a_kind.y;
  vec2 corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  v_at = corner;
  vec2 pixel = (a_at - u_center) * u_scale + corner * u_half;
  gl_Position = vec4(pixel * vec2(2.0, -2.0) / u_view, 0.0, 1.0);
}`;

/** Each status has a shape of its own: disc, ring, cross, point, square, diamond; wheelchair places are square. */
export const FRAGMENT = `#version 300 es
precision highp float;
in vec2 v_at;
flat in uint v_look, v_tier, v_flags;
uniform float u_half, u_opacity;
uniform vec3 u_tiers[8];
uniform vec3 u_states[4];
out vec4 o_color;
float square(vec2 at, float half_, float round_) {
  vec2 d = abs(at) - half_ + round_;
  return length(max(d, 0.0)) + min(max(d.x, d.y), 0.0) - round_;
}
void main() {
  uint look = v_look & 7u;
  float soft = 1.0 / max(u_half, 1.0);
  float disc = length(v_at) - 0.84;
  float shape;
  vec3 color = u_tiers[v_tier];
  float alpha = 1.0;
  if (look == 0u) shape = (v_flags & 1u) == 1u ? square(v_at, 0.8, 0.2) : disc;
  else if (look == 1u) {
    shape = disc;
    color = u_states[0];
    alpha = abs(length(v_at) - 0.68) < 0.17 ? 1.0 : 0.3;
  } else if (look == 2u) {
    vec2 turned = vec2(v_at.x + v_at.y, v_at.x - v_at.y) * 0.7071;
    shape = max(min(abs(turned.x), abs(turned.y)) - 0.16, max(abs(turned.x), abs(turned.y)) - 0.72);
    color = u_states[1];
  } else if (look == 3u) {
    shape = length(v_at) - 0.3;
    color = u_states[1];
    alpha = 0.6;
  } else if (look == 4u) {
    shape = square(v_at, 0.96, 0.25);
    color = u_states[2];
  } else {
    shape = abs(v_at.x) + abs(v_at.y) - 0.98;
    color = u_states[2];
  }
  if ((v_look & 8u) == 8u) alpha *= 0.16;
  alpha *= clamp(0.5 - shape / soft, 0.0, 1.0) * u_opacity;
  o_color = vec4(color * alpha, alpha);
}`;
