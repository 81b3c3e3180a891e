// weights = exp(scaled − max) / Σ exp(scaled − max), along the keys that each query may see
//
//   scaled   [P, S_q, S_k]
//   weights  [P, S_q, S_k]: 0 where a key may not be seen, and in a row with no visible key
//
// One workgroup a row: x along S_q, y along P. Each lane takes every LANES-th key; the lanes then agree in a tree.
// CPU twin: attention::softmax.

override LANES: u32; // a power of two

struct SoftmaxArgs {
    query_len: u32, // S_q
    key_len: u32,   // S_k
    causal: u32,    // as in sees()
}

// The highest score among the visible keys; `any`, not the score, says whether there is one.
struct Highest {
    any: bool,
    score: f32,
}

@group(0) @binding(0) var<uniform> args: SoftmaxArgs;
@group(0) @binding(1) var<storage, read> scaled: array<f32>;
@group(0) @binding(2) var<storage, read_write> weights: array<f32>;

var<workgroup> highests: array<Highest, LANES>;
var<workgroup> sums: array<f32, LANES>;

fn higher(a: Highest, b: Highest) -> Highest {
    if a.any && (!b.any || a.score >= b.score) {
        return a;
    }
    return b;
}

// exp(score − highest). The halves and the floor (exp(−104) is 0 in f32) keep the difference of two huge scores finite.
fn exp_below(score: f32, highest: f32) -> f32 {
    return exp(2.0 * max(0.5 * score - 0.5 * highest, -52.0));
}

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
    let query = group.x;
    let row = (group.y * args.query_len + query) * args.key_len;

    var highest = Highest(false, 0.0);
    for (var key = lane; key < args.key_len; key += LANES) {
        if sees(args.causal, query, key) {
            highest = higher(highest, Highest(true, scaled[row + key]));
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
        if sees(args.causal, query, key) {
            share = exp_below(scaled[row + key], highest.score);
        }
        weights[row + key] = share;
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
            weights[row + key] /= sum;
        }
    }
}
