// Matrix products read their operands through tiles in workgroup memory: TILE × TILE invocations fetch one number of
// each operand, then each of them multiplies a row of the left tile with a column of the right one.

override TILE: u32;

// [TILE, TILE] each, row by row.
var<workgroup> left: array<f32, TILE * TILE>;
var<workgroup> right: array<f32, TILE * TILE>;

// Adds this invocation's share of the two tiles to its sum. Every invocation of the workgroup has to call it.
fn add_tiles(sum: f32, row: u32, column: u32) -> f32 {
    workgroupBarrier();
    var total = sum;
    for (var inner = 0u; inner < TILE; inner++) {
        total += left[row * TILE + inner] * right[inner * TILE + column];
    }
    workgroupBarrier();
    return total;
}
