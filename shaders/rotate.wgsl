// tensor, each pair of columns turned by an angle that grows with the token's place
//
//   tensor  [B, H, S, D], queries or keys, in place
//   turns   [S, D]: for each pair of columns the cosine and the sine; 1 and 0 for a column without a partner
//
// A row is a whole number of vec4s. An invocation turns two pairs: x along S and D, y along B and H.
// CPU twin: attention::rotate.

struct RotateArgs {
    len: u32,        // S
    head_width: u32, // D in vec4s
    largest: f32,    // float
}

@group(0) @binding(0) var<uniform> args: RotateArgs;
@group(0) @binding(1) var<storage, read> turns: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> tensor: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let at = invocation.x;
    if at >= args.len * args.head_width {
        return;
    }
    let place = invocation.y * args.len * args.head_width + at;
    let turn = turns[at];
    let four = tensor[place];
    let turned = four * turn.xxzz + vec4f(-four.y, four.x, -four.w, four.z) * turn.yyww;
    // A pair of the largest floats may be longer than one of them. What has overflowed already stays so, to be refused.
    let clamped = clamp(turned, vec4f(-args.largest), vec4f(args.largest));
    tensor[place] = select(four, clamped, abs(four) <= vec4f(args.largest));
}
