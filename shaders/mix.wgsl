// mixed = weights · values
//
//   weights  [P, S_q, S_k], of the P planes (a plane is one head of one batch) from first_plane on
//   values   [B·H_k, S_k, D_v]
//   mixed    [B·H, S_q, D_v]
//
// One workgroup a tile of the result: x along D_v, y along S_q, z along P.
// CPU twin: attention::mix.

struct MixArgs {
    query_len: u32,   // S_q
    key_len: u32,     // S_k
    value_dim: u32,   // D_v
    group: u32,       // H / H_k: so many heads share their values
    first_plane: u32,
}

@group(0) @binding(0) var<uniform> args: MixArgs;
@group(0) @binding(1) var<storage, read> weights: array<f32>;
@group(0) @binding(2) var<storage, read> values: array<f32>;
@group(0) @binding(3) var<storage, read_write> mixed: array<f32>;

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let plane = args.first_plane + group.z;
    let query = group.y * TILE + local.y;
    let column = group.x * TILE + local.x;
    let cell = local.y * TILE + local.x;
    var sum = 0.0;
    for (var start = 0u; start < args.key_len; start += TILE) {
        left[cell] = 0.0;
        right[cell] = 0.0;
        if query < args.query_len && start + local.x < args.key_len {
            left[cell] = weights[(group.z * args.query_len + query) * args.key_len + start + local.x];
        }
        if start + local.y < args.key_len && column < args.value_dim {
            right[cell] = values[(plane / args.group * args.key_len + start + local.y) * args.value_dim + column];
        }
        sum = add_tiles(sum, local.y, local.x);
    }
    if query < args.query_len && column < args.value_dim {
        mixed[(plane * args.query_len + query) * args.value_dim + column] = sum;
    }
}
