// Which keys a query may see, by position alone: no score, however low, means "masked".
// CPU twin: attention::Visibility::sees.

// 1: a query sees the keys up to its own position. 0: it sees every key.
fn sees(causal: u32, query: u32, key: u32) -> bool {
    return causal == 0u || key <= query;
}
