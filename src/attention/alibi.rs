use crate::builtin;

/// How much a score of this head loses for each place between query and key: the slope of ALiBi.
///
/// With `H` a power of two, `2^(−8·(h + 1)/H)`; otherwise the slopes of the next lower power of two come first, then
/// every second one of the next higher. Source: Press, Smith and Lewis, "Train Short, Test Long" (2022), section 3, and
/// `get_slopes` in the authors' code. They attend to the past alone; here distance counts the same in both directions.
pub fn alibi_slope(head: usize, heads: usize) -> f32 {
    let lower = if heads.is_power_of_two() { heads } else { heads.next_power_of_two() / 2 };
    let slope = |head: usize, heads: usize| builtin::pow(2.0, -8.0 * (head + 1) as f64 / heads as f64) as f32;
    if head < lower { slope(head, lower) } else { slope(2 * (head - lower), 2 * lower) }
}
