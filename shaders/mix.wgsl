// mixed = weights · values
//
//   weights  [P, S_q, S_k], of the P planes from first_plane on
//   values   [B·H_k, S_k, D_v]
//   places   [B]: where the batch's first query stands among its keys, and how many keys it has
//   mixed    [B·H, S_q, D_v]
//
// An invocation makes 8 queries × 8 columns, of the keys that any of the 8 sees. One workgroup 8·SIDE of each: x along
// D_v, y along S_q, z along P.
// CPU twin: attention::mix.

@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read> values: array<vec4f>;
@group(0) @binding(3) var<storage, read> places: array<vec2i>;
@group(0) @binding(4) var<storage, read_write> mixed: array<vec4f>;

fn four_weights(at: vec4u) -> mat4x4f {
    return mat4x4f(weights[at.x], weights[at.y], weights[at.z], weights[at.w]);
}

fn four_values(at: vec4u) -> mat4x4f {
    return mat4x4f(values[at.x], values[at.y], values[at.z], values[at.w]);
}

// Four columns of one query, unless there are none such.
fn keep(plane: u32, query: u32, column: u32, four: vec4f) {
    if query < args.query_len && column < args.value_width {
        mixed[(plane * args.query_len + query) * args.value_width + column] = four;
    }
}

@compute @workgroup_size(SIDE, SIDE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let plane = args.first_plane + group.z;
    let query = 8u * (group.y * SIDE + local.y);
    let left = 2u * group.x * SIDE + local.x;
    let right = left + SIDE;
    if query >= args.query_len || left >= args.value_width {
        return;
    }
    let place = places[plane / args.heads];
    let seen = keys_seen(place.x + i32(query), place.x + i32(query) + 7, place.y);

    let top_rows = group.z * args.query_len * args.key_width + four_rows(query, args.query_len, args.key_width);
    let bottom_rows = group.z * args.query_len * args.key_width + four_rows(query + 4u, args.query_len, args.key_width);
    let first_key = plane / args.group * args.key_len * args.value_width;
    let right_or_last = min(right, args.value_width - 1u);
    var top_left = mat4x4f();
    var top_right = mat4x4f();
    var bottom_left = mat4x4f();
    var bottom_right = mat4x4f();
    for (var i = seen.x / 4u; 4u * i < seen.y; i++) {
        let top = four_weights(top_rows + i);
        let bottom = four_weights(bottom_rows + i);
        let rows = first_key + four_rows(4u * i, args.key_len, args.value_width);
        let left_values = four_values(rows + left);
        let right_values = four_values(rows + right_or_last);
        top_left += left_values * top;
        top_right += right_values * top;
        bottom_left += left_values * bottom;
        bottom_right += right_values * bottom;
    }
    keep_block(plane, query, left, top_left);
    keep_block(plane, query, right, top_right);
    keep_block(plane, query + 4u, left, bottom_left);
    keep_block(plane, query + 4u, right, bottom_right);
}
