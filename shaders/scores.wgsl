// scores = queries · keysᵀ
//
//   queries  [B·H, S_q, D]
//   keys     [B·H_k, S_k, D]
//   scores   [P, S_q, S_k], of the P planes (a plane is one head of one batch) from first_plane on
//
// One workgroup a tile of the scores: x along S_k, y along S_q, z along P.
// CPU twin: attention::scores.

struct ScoresArgs {
    query_len: u32,   // S_q
    key_len: u32,     // S_k
    head_dim: u32,    // D
    group: u32,       // H / H_k: so many heads share their keys
    first_plane: u32,
}

@group(0) @binding(0) var<uniform> args: ScoresArgs;
@group(0) @binding(1) var<storage, read> queries: array<f32>;
@group(0) @binding(2) var<storage, read> keys: array<f32>;
@group(0) @binding(3) var<storage, read_write> scores: array<f32>;

@compute @workgroup_size(TILE, TILE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let plane = args.first_plane + group.z;
    let key_plane = plane / args.group;
    let query = group.y * TILE + local.y;
    let key = group.x * TILE + local.x;
    // Neighbours along x read neighbouring numbers: of this key when it is brought in, of its transpose when it is used.
    let key_to_fetch = group.x * TILE + local.y;
    var sum = 0.0;
    for (var start = 0u; start < args.head_dim; start += TILE) {
        let inner = start + local.x;
        left[local.y * TILE + local.x] = 0.0;
        right[local.x * TILE + local.y] = 0.0;
        if query < args.query_len && inner < args.head_dim {
            left[local.y * TILE + local.x] = queries[(plane * args.query_len + query) * args.head_dim + inner];
        }
        if key_to_fetch < args.key_len && inner < args.head_dim {
            right[local.x * TILE + local.y] = keys[(key_plane * args.key_len + key_to_fetch) * args.head_dim + inner];
        }
        sum = add_tiles(sum, local.y, local.x);
    }
    if query < args.query_len && key < args.key_len {
        scores[(group.z * args.query_len + query) * args.key_len + key] = sum;
    }
}
