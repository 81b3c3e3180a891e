// output = input · matrix
//
//   input   [B, S, E], or [B, H, S, D] with the heads read side by side
//   matrix  [E, E], as [in, out]
//   output  [B, S, E], or [B, H, S, D] with the columns cut into heads
//
// One workgroup a tile of the output: x along E, y along S, z along B.
// CPU twin: attention::project, with heads_from_width and width_from_heads.

struct ProjectArgs {
    len: u32,             // S
    width: u32,           // E
    input_head_dim: u32,  // D, or E where the input is not cut: one head as wide as the model
    output_head_dim: u32, // the same for the output
}

@group(0) @binding(0) var<uniform> args: ProjectArgs;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> matrix: array<f32>;
@group(0) @binding(3) var<storage, read_write> output: array<f32>;

// Where the number of this token and column is kept in a tensor cut into heads of this width.
fn at(batch: u32, token: u32, column: u32, head_dim: u32) -> u32 {
    let head = column / head_dim;
    return batch * args.len * args.width + (head * args.len + token) * head_dim + column % head_dim;
}

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let batch = group.z;
    let token = group.y * TILE + local.y;
    let column = group.x * TILE + local.x;
    let cell = local.y * TILE + local.x;
    var sum = 0.0;
    for (var start = 0u; start < args.width; start += TILE) {
        left[cell] = 0.0;
        right[cell] = 0.0;
        if token < args.len && start + local.x < args.width {
            left[cell] = input[at(batch, token, start + local.x, args.input_head_dim)];
        }
        if start + local.y < args.width && column < args.width {
            right[cell] = matrix[(start + local.y) * args.width + column];
        }
        sum = add_tiles(sum, local.y, local.x);
    }
    if token < args.len && column < args.width {
        output[at(batch, token, column, args.output_head_dim)] = sum;
    }
}
