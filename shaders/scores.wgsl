// scores = queries · keysᵀ
//
//   queries  [B·H, S_q, D]
//   keys     [B·H_k, S_k, D]
//   places   [B]: where the batch's first query stands among its keys, and how many keys it has
//   scores   [P, S_q, S_k], of the P planes from first_plane on
//
// An invocation makes 8 queries × 8 keys. One workgroup 8·SIDE of each: x along S_k, y along S_q, z along P.
// CPU twin: attention::scores.

@group(0) @binding(1) var<storage, read> queries: array<vec4f>;
@group(0) @binding(2) var<storage, read> keys: array<vec4f>;
@group(0) @binding(3) var<storage, read> places: array<vec2i>;
@group(0) @binding(4) var<storage, read_write> scores: array<vec4f>;

fn four_queries(at: vec4u) -> mat4x4f {
    return mat4x4f(queries[at.x], queries[at.y], queries[at.z], queries[at.w]);
}

fn four_keys(at: vec4u) -> mat4x4f {
    return mat4x4f(keys[at.x], keys[at.y], keys[at.z], keys[at.w]);
}

// One query's scores of four keys, unless there are none such.
fn keep(plane: u32, query: u32, column: u32, four: vec4f) {
    if query < args.query_len && column < args.key_width {
        scores[(plane * args.query_len + query) * args.key_width + column] = four;
    }
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let plane = args.first_plane + group.z;
    let query = 8u * (group.y * SIDE + local.y);
    // Two blocks, so that neighbours write side by side.
    let left = 2u * group.x * SIDE + local.x;
    let right = left + SIDE;
    if query >= args.query_len || left >= args.key_width {
        return;
    }
    let place = places[plane / args.heads];
    let seen = keys_seen(place.x + i32(query), place.x + i32(query) + 7, place.y);
    if args.all_scores == 0u && (4u * left >= seen.y || 4u * right + 4u <= seen.x) {
        return;
    }

    let top_rows = plane * args.query_len * args.head_width + four_rows(query, args.query_len, args.head_width);
    let bottom_rows = plane * args.query_len * args.head_width + four_rows(query + 4u, args.query_len, args.head_width);
    let first_key = plane / args.group * args.key_len * args.head_width;
    let left_rows = first_key + four_rows(4u * left, args.key_len, args.head_width);
    let right_rows = first_key + four_rows(4u * right, args.key_len, args.head_width);
    var top_left = mat4x4f();
    var top_right = mat4x4f();
    var bottom_left = mat4x4f();
    var bottom_right = mat4x4f();
    for (var i = 0u; i < args.head_width; i++) {
        let top = four_queries(top_rows + i);
        let bottom = four_queries(bottom_rows + i);
        let left_keys = transpose(four_keys(left_rows + i));
        let right_keys = transpose(four_keys(right_rows + i));
        top_left += left_keys * top;
        top_right += right_keys * top;
        bottom_left += left_keys * bottom;
        bottom_right += right_keys * bottom;
    }
    keep_block(group.z, query, left, top_left);
    keep_block(group.z, query, right, top_right);
    keep_block(group.z, query + 4u, left, bottom_left);
    keep_block(group.z, query + 4u, right, bottom_right);
}
