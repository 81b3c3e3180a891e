// What the kernels of an attention are given, and which keys a query sees of where it stands.
//
// A plane is one head of one batch. A row of a tensor is a whole number of vec4s, its width; what is beyond the row's
// last number is zero.

struct AttendArgs {
    query_len: u32,   // S_q
    key_len: u32,     // S_k
    key_width: u32,   // S_k in vec4s
    head_width: u32,  // D in vec4s
    value_width: u32, // D_v in vec4s
    heads: u32,       // H
    group: u32,       // H / H_k: so many heads share their keys and values
    first_plane: u32, // the plane that scores and weights begin with
    left: i32,        // how many keys before its own place a query sees; below 0 for all
    right: i32,       // the same for those after it
    mask_batch: u32,  // how far apart the mask's numbers of two batches are; 0 where all share them
    mask_head: u32,   // the same for two heads
    mask_query: u32,  // the same for two queries
    mask_len: u32,    // how many keys the mask has, 0 without a mask
    all_scores: u32,  // 1 where the scores of keys that nobody sees are wanted too
    factor: f32,
    softcap: f32,     // 0 for none
    largest: f32,     // half of the largest float: no half of a masked score is beyond it
}

@group(0) @binding(0) var<uniform> args: AttendArgs;

// The keys from x to before y: those that window and length let a query at this place see, or several of them from the
// first place to the last. `len` is how many keys there are.
fn keys_seen(first: i32, last: i32, len: i32) -> vec2u {
    let start = select(0, max(first - args.left, 0), args.left >= 0);
    let end = select(len, clamp(last + args.right + 1, 0, len), args.right >= 0);
    return vec2u(u32(min(start, end)), u32(end));
}
