// weights = exp(masked − max) / Σ exp(masked − max), along the keys that each query may see,
// where masked = bent(scores × factor) + mask − slope × distance
//
//   scores   [P, S_q, S_k], of the P planes from first_plane on
//   places   [B]: where the batch's first query stands among its keys, and how many keys it has
//   mask     [B | 1, H | 1, S_q | 1, mask_len]: what is added, and 1 where the key may be seen, 0 where not
//   slopes   [H]
//   weights  [P, S_q, S_k]: 0 where a key may not be seen, and in a row with no visible key
//
// LANES invocations share a row: each takes every LANES-th vec4 of it, and all meet once. One workgroup ROWS rows: x
// along S_q, y along P.
// Masked scores are kept in halves, so that no sum of two of them overflows.
// CPU twin: attention::softmax, with attention::scaled and attention::masked.

override LANES: u32;
override ROWS: u32;
// Whether there is a softcap, a mask or a slope. Where there is none, half of the work is not even compiled.
override BIASED: bool;

// What all cells of a row have in common: the keys that window and length allow, start .. end; the query's own place
// among them; where its row of the mask begins.
struct Row {
    start: u32,
    end: u32,
    place: i32,
    mask: u32,
    slope: f32,
}

// Halves of the masked scores of four keys, and which of them may be seen.
struct Four {
    half: vec4f,
    seen: vec4<bool>,
}

// The highest half of a masked score, and the sum of exp(masked − highest): 0 where no key is seen.
struct Peak {
    half: f32,
    sum: f32,
}

@group(0) @binding(1) var<storage, read> scores: array<vec4f>;
@group(0) @binding(2) var<storage, read> places: array<vec2i>;
@group(0) @binding(3) var<storage, read> mask: array<vec2f>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<storage, read_write> weights: array<vec4f>;

var<workgroup> peaks: array<Peak, LANES * ROWS>;

fn row_of(plane: u32, query: u32) -> Row {
    let batch = plane / args.heads;
    let head = plane % args.heads;
    let place = places[batch].x + i32(query);
    let seen = keys_seen(place, place, places[batch].y);
    let mask = batch * args.mask_batch + head * args.mask_head + query * args.mask_query;
    return Row(seen.x, seen.y, place, mask, slopes[head]);
}

// The four keys of this column of a row, from their scores.
fn four_of(row: Row, column: u32, scores: vec4f) -> Four {
    let keys = 4u * column + vec4u(0u, 1u, 2u, 3u);
    var scaled = scores * args.factor;
    if BIASED && args.softcap > 0.0 {
        scaled = args.softcap * tangent(scaled / args.softcap);
    }
    var four: Four;
    four.half = 0.5 * scaled;
    four.seen = (keys >= vec4u(row.start)) & (keys < vec4u(row.end));
    if BIASED {
        four.half -= 0.5 * row.slope * vec4f(abs(row.place - vec4i(keys)));
    }
    if BIASED && args.mask_len > 0u {
        let at = row.mask + min(keys, vec4u(args.mask_len - 1u));
        let added_and_seen = transpose(mat4x2f(mask[at.x], mask[at.y], mask[at.z], mask[at.w]));
        four.half += 0.5 * added_and_seen[0];
        four.seen = four.seen & (keys < vec4u(args.mask_len)) & (added_and_seen[1] != vec4f(0.0));
    }
    four.half = clamp(four.half, vec4f(-args.largest), vec4f(args.largest));
    return four;
}

// The hyperbolic tangent, to the accuracy of f32 for small numbers too, which WGSL's own need not have.
fn tangent(x: vec4f) -> vec4f {
    let squared = x * x;
    let small = x + x * squared * (-1.0 / 3.0 + squared * (2.0 / 15.0 + squared * (-17.0 / 315.0 + squared * 62.0 / 2835.0)));
    let falling = exp(-2.0 * min(abs(x), vec4f(10.0)));
    return select(sign(x) * (1.0 - falling) / (1.0 + falling), small, squared < vec4f(0.09));
}

// exp(2 × (half − highest)); the floor, as exp(−104) is 0 in f32, keeps the difference of two huge scores finite.
fn exp_below(half: vec4f, highest: f32) -> vec4f {
    return exp(2.0 * max(half - highest, vec4f(-52.0)));
}

// The peak with four more cells.
fn with_four(peak: Peak, four: Four) -> Peak {
    let visible = select(vec4f(peak.half), four.half, four.seen);
    let half = max(peak.half, max(max(visible.x, visible.y), max(visible.z, visible.w)));
    let exps = select(vec4f(0.0), exp_below(four.half, half), four.seen);
    return Peak(half, peak.sum * exp_below(vec4f(peak.half), half).x + dot(exps, vec4f(1.0)));
}

@compute @workgroup_size(LANES, ROWS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
    let query = group.x * ROWS + local.y;
    // Beyond the last query there is nothing to do but to meet the others.
    let exists = query < args.query_len;
    let row = row_of(args.first_plane + group.y, min(query, args.query_len - 1u));
    let at = (group.y * args.query_len + query) * args.key_width;
    let end = select(0u, (row.end + 3u) / 4u, exists);

    var peak = Peak(-args.largest, 0.0);
    for (var column = row.start / 4u + local.x; column < end; column += LANES) {
        peak = with_four(peak, four_of(row, column, scores[at + column]));
    }
    peaks[local.y * LANES + local.x] = peak;
    workgroupBarrier();
    for (var lane = 0u; lane < LANES; lane++) {
        peak.half = max(peak.half, peaks[local.y * LANES + lane].half);
    }
    peak.sum = 0.0;
    for (var lane = 0u; lane < LANES; lane++) {
        let other = peaks[local.y * LANES + lane];
        peak.sum += other.sum * exp_below(vec4f(other.half), peak.half).x;
    }

    for (var column = local.x; exists && column < args.key_width; column += LANES) {
        var four = vec4f(0.0);
        if 4u * column + 4u > row.start && column < end && peak.sum > 0.0 {
            let cells = four_of(row, column, scores[at + column]);
            four = select(four, exp_below(cells.half, peak.half) / peak.sum, cells.seen);
        }
        weights[at + column] = four;
    }
}
