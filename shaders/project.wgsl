// output = input · matrix
//
//   input   [B, S, E], or [B, H, S, D] with the heads read side by side
//   matrix  [E, E], as [in, out]
//   output  [B, S, E], or [B, H, S, D] with the columns cut into heads
//
// A row of a head is a whole number of vec4s, and so are the columns of the matrix that make it, or its rows that read
// it: there are zeros between one head and the next.
//
// An invocation makes 8 tokens × 8 columns. One workgroup 8·SIDE of each: x along E, y along S, z along B.
// CPU twin: attention::project, with heads_from_width and width_from_heads.

struct ProjectArgs {
    len: u32,               // S
    input_width: u32,       // a token's numbers in vec4s, those of all heads
    output_width: u32,      // the same for the output
    input_head_width: u32,  // D in vec4s, or input_width where the input is not cut: one head as wide as the model
    output_head_width: u32, // the same for the output
}

@group(0) @binding(0) var<uniform> args: ProjectArgs;
@group(0) @binding(1) var<storage, read> input: array<vec4f>;
@group(0) @binding(2) var<storage, read> matrix: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> output: array<vec4f>;

// Where this column of a batch's first token is, in a tensor of this width that is cut into heads.
fn first_at(batch: u32, column: u32, width: u32, head_width: u32) -> u32 {
    return batch * args.len * width + column / head_width * args.len * head_width + column % head_width;
}

fn four_tokens(at: vec4u) -> mat4x4f {
    return mat4x4f(input[at.x], input[at.y], input[at.z], input[at.w]);
}

fn four_rows_of_matrix(first: u32, column: u32) -> mat4x4f {
    let at = (first + vec4u(0u, 1u, 2u, 3u)) * args.output_width + column;
    return mat4x4f(matrix[at.x], matrix[at.y], matrix[at.z], matrix[at.w]);
}

// Four columns of one token, unless there are none such.
fn keep(batch: u32, token: u32, column: u32, four: vec4f) {
    if token < args.len && column < args.output_width {
        let first = first_at(batch, column, args.output_width, args.output_head_width);
        output[first + token * args.output_head_width] = four;
    }
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let batch = group.z;
    let token = 8u * (group.y * SIDE + local.y);
    // Two blocks, so that neighbours write side by side.
    let left = 2u * group.x * SIDE + local.x;
    let right = left + SIDE;
    if token >= args.len || left >= args.output_width {
        return;
    }
    let right_or_last = min(right, args.output_width - 1u);
    let top_rows = four_rows(token, args.len, args.input_head_width);
    let bottom_rows = four_rows(token + 4u, args.len, args.input_head_width);
    var top_left = mat4x4f();
    var top_right = mat4x4f();
    var bottom_left = mat4x4f();
    var bottom_right = mat4x4f();
    for (var i = 0u; i < args.input_width; i++) {
        let first = first_at(batch, i, args.input_width, args.input_head_width);
        let top = four_tokens(first + top_rows);
        let bottom = four_tokens(first + bottom_rows);
        let left_matrix = four_rows_of_matrix(4u * i, left);
        let right_matrix = four_rows_of_matrix(4u * i, right_or_last);
        top_left += left_matrix * top;
        top_right += right_matrix * top;
        bottom_left += left_matrix * bottom;
        bottom_right += right_matrix * bottom;
    }
    keep_block(batch, token, left, top_left);
    keep_block(batch, token, right, top_right);
    keep_block(batch, token + 4u, left, bottom_left);
    keep_block(batch, token + 4u, right, bottom_right);
}
