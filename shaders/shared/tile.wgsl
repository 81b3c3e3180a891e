// Matrix products are made of blocks of 4 × 4 numbers. Each invocation makes a tile of 2 × 2 blocks, 8 × 8 numbers, and
// keeps it in registers: for 16 vec4s that it reads, it multiplies 256 times. Its neighbours read the same rows at the
// same time, so the cache serves most of that.

override SIDE: u32; // a workgroup is SIDE × SIDE invocations

// Where four rows of this width begin, from `first` on. Beyond the last it is the last one again: nobody keeps what is
// made of it.
fn four_rows(first: u32, len: u32, width: u32) -> vec4u {
    return min(first + vec4u(0u, 1u, 2u, 3u), vec4u(len - 1u)) * width;
}

// Keeps what a block has of four rows, each by the kernel's own `keep`.
fn keep_block(plane: u32, row: u32, column: u32, block: mat4x4f) {
    keep(plane, row, column, block[0]);
    keep(plane, row + 1u, column, block[1]);
    keep(plane, row + 2u, column, block[2]);
    keep(plane, row + 3u, column, block[3]);
}
