// weights = exp(masked − max) / Σ exp(masked − max), along the keys that each query may see,
// where masked = bent(scores × factor) + mask − slope × distance
//
//   scores   [P, S_q, S_k], of the P planes (a plane is one head of one batch) from first_plane on
//   places   [B]: where the batch's first query stands among its keys, and how many keys it has
//   mask     [B | 1, H | 1, S_q | 1, mask_len]: what is added, and 1 where the key may be seen, 0 where not
//   slopes   [H]
//   weights  [P, S_q, S_k]: 0 where a key may not be seen, and in a row with no visible key
//
// One workgroup a row: x along S_q, y along P. Each lane takes every LANES-th key; the lanes then agree in a tree.
// Masked scores are kept in halves, so that no sum of two of them overflows.
// CPU twin: attention::softmax, with attention::scaled and attention::masked.

override LANES: u32; // a power of two

struct SoftmaxArgs {
    query_len: u32,  // S_q
    key_len: u32,    // S_k
    heads: u32,      // H
    first_plane: u32,
    left: i32,       // how many keys before its own place a query sees; below 0 for all
    right: i32,      // the same for those after it
    mask_batch: u32, // how far apart the mask's numbers of two batches are; 0 where all share them
    mask_head: u32,  // the same for two heads
    mask_query: u32, // the same for two queries
    mask_len: u32,   // how many keys the mask has, 0 without a mask
    factor: f32,
    softcap: f32,    // 0 for none
    largest: f32,    // half of the largest float: no half of a masked score is beyond it
}

// What all cells of a row have in common: the keys that window and length allow, start .. end; the query's own place
// among them; where its row of the mask begins.
struct Row {
    start: u32,
    end: u32,
    place: i32,
    mask: u32,
    slope: f32,
}

// The highest half of a masked score among the visible keys; `any`, not the score, says whether there is one.
struct Highest {
    any: bool,
    half: f32,
}

@group(0) @binding(0) var<uniform> args: SoftmaxArgs;
@group(0) @binding(1) var<storage, read> scores: array<f32>;
@group(0) @binding(2) var<storage, read> places: array<vec2i>;
@group(0) @binding(3) var<storage, read> mask: array<vec2f>;
@group(0) @binding(4) var<storage, read> slopes: array<f32>;
@group(0) @binding(5) var<storage, read_write> weights: array<f32>;

var<workgroup> highests: array<Highest, LANES>;
var<workgroup> sums: array<f32, LANES>;

fn row_of(plane: u32, query: u32) -> Row {
    let batch = plane / args.heads;
    let head = plane % args.heads;
    let place = places[batch].x + i32(query);
    var row = Row(0u, u32(places[batch].y), place, 0u, slopes[head]);
    if args.left >= 0 {
        row.start = u32(max(place - args.left, 0));
    }
    if args.right >= 0 {
        row.end = min(row.end, u32(max(place + args.right + 1, 0)));
    }
    row.mask = batch * args.mask_batch + head * args.mask_head + query * args.mask_query;
    return row;
}

// Whether the mask lets this key be seen.
fn allows(row: Row, key: u32) -> bool {
    if args.mask_len == 0u {
        return true;
    }
    return key < args.mask_len && mask[row.mask + key].y != 0.0;
}

// Half of the masked score of a key that may be seen.
fn half_masked(row: Row, key: u32, score: f32) -> f32 {
    var scaled = score * args.factor;
    if args.softcap > 0.0 {
        scaled = args.softcap * tangent(scaled / args.softcap);
    }
    var half = 0.5 * scaled - 0.5 * row.slope * f32(abs(row.place - i32(key)));
    if args.mask_len > 0u {
        half += 0.5 * mask[row.mask + key].x;
    }
    return clamp(half, -args.largest, args.largest);
}

// The hyperbolic tangent, to the accuracy of f32 for small numbers too, which WGSL's own need not have.
fn tangent(x: f32) -> f32 {
    let squared = x * x;
    if squared < 0.09 {
        return x + x * squared * (-1.0 / 3.0 + squared * (2.0 / 15.0 + squared * (-17.0 / 315.0 + squared * 62.0 / 2835.0)));
    }
    let falling = exp(-2.0 * min(abs(x), 10.0));
    return sign(x) * (1.0 - falling) / (1.0 + falling);
}

fn higher(a: Highest, b: Highest) -> Highest {
    if a.any && (!b.any || a.half >= b.half) {
        return a;
    }
    return b;
}

// exp(2 × (half − highest)); the floor, as exp(−104) is 0 in f32, keeps the difference of two huge scores finite.
fn exp_below(half: f32, highest: f32) -> f32 {
    return exp(2.0 * max(half - highest, -52.0));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let row = row_of(args.first_plane + group.y, group.x);
    let at = (group.y * args.query_len + group.x) * args.key_len;

    var highest = Highest(false, 0.0);
    for (var key = row.start + lane; key < row.end; key += LANES) {
        if allows(row, key) {
            highest = higher(highest, Highest(true, half_masked(row, key, scores[at + key])));
        }
    }
    highests[lane] = highest;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            highests[lane] = higher(highests[lane], highests[lane + half]);
        }
    }
    workgroupBarrier();
    highest = highests[0];

    var sum = 0.0;
    for (var key = lane; key < args.key_len; key += LANES) {
        var share = 0.0;
        if key >= row.start && key < row.end && allows(row, key) {
            share = exp_below(half_masked(row, key, scores[at + key]), highest.half);
        }
        weights[at + key] = share;
        sum += share;
    }
    sums[lane] = sum;
    for (var half = LANES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if lane < half {
            sums[lane] += sums[lane + half];
        }
    }
    workgroupBarrier();
    sum = sums[0];

    // Without a visible key the row is zeros already.
    if highest.any {
        for (var key = lane; key < args.key_len; key += LANES) {
            weights[at + key] /= sum;
        }
    }
}
