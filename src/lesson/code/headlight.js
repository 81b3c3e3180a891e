// @title@ on Headlight's engine, as the page calculated it.
//
// @made@
// Paste this into the console of Headlight's page, or run it there as a module.

const tensor = (shape, numbers) => ({ shape, data: Float32Array.from(numbers) });

// Sentence @item_from_1@: @sentence@
// Queries [1, H, Sq, D], keys and values [1, H, Sk, D]@turned@.
const q = tensor([1, @heads@, @query_count@, @head_dim@], [
@queries@
]);
const k = tensor([1, @heads@, @key_count@, @head_dim@], [
@keys@
]);
const v = tensor([1, @heads@, @key_count@, @head_dim@], [
@values@
]);
#if mask_bytes

// Which key (across) each query (down) may see.
const mask = {
  shape: [@mask_rows@, @key_count@],
  data: Uint8Array.from([
@mask@
  ]),
};
#end

const { engine, ms, scores, scaled, weights, output } = await headlight.attend({
  q,
  k,
  v,
#if mask_bytes
  mask,
#end
#if window
  window: { left: @left_or_null@, right: @right_or_null@ },
#end
#if scaled
#else
  scale: 1,
#end
#if temperature
  temperature: @temperature@,
#end
#if softcap
  softcap: @softcap@,
#end
#if alibi
  alibi: true,
#end
  outputs: ["scores", "scaled", "weights", "output"],
});
console.log(`scores [${scores.shape}], weights [${weights.shape}] and output [${output.shape}] by ${engine}, in ${ms} ms`);

// Every row of weights adds up to 1@unless_blind@.
const keyCount = weights.shape[3];
for (let row = 0; row < weights.data.length; row += keyCount) {
  const sum = weights.data.slice(row, row + keyCount).reduce((sum, share) => sum + share, 0);
#if blind
  console.assert(Math.abs(sum - 1) < 1e-5 || sum === 0, `row ${row / keyCount} adds up to ${sum}`);
#else
  console.assert(Math.abs(sum - 1) < 1e-5, `row ${row / keyCount} adds up to ${sum}`);
#end
}

// What the page shows of head @head_from_1@: the upper left corner of its weights, row by row.
const ofPage = [
@page_weights@
];
let farthest = 0;
ofPage.forEach((row, query) =>
  row.forEach((share, key) => {
    const mine = weights.data[(@head@ * weights.shape[2] + query) * keyCount + key];
    farthest = Math.max(farthest, Math.abs(mine - share));
  }),
);
// The softmax raises e to the scores: the larger they are, the more their last bits count.
const largest = scaled.data.reduce((largest, score) => Math.max(largest, Math.abs(score)), 1);
console.assert(farthest < 1e-5 * largest, `the page's weights and these are up to ${farthest} apart`);
console.log(`agrees with the page within ${farthest}`);
