// The numbers that the page shows are PyTorch's: every stage of the standard example, in every set-up of the data.
import { expect, test } from "./fixture.js";
import { torch } from "./torch.js";

const SEEDS = [0, 1, 42, 1234];
const HEADS = [1, 4];
const POSITIONS = ["none", "sinusoidal"];
const MASKS = ["none", "causal"];
const WIDTH = 64;

/** The stages, in which tensor each is kept, and what its key begins with. Weights have the very same bits. */
const STAGES = {
  w_q: { tensor: "QueryWeights", sideBySide: true, bound: 0, key: ({ seed }) => [seed] },
  w_k: { tensor: "KeyWeights", sideBySide: true, bound: 0, key: ({ seed }) => [seed] },
  w_v: { tensor: "ValueWeights", sideBySide: true, bound: 0, key: ({ seed }) => [seed] },
  w_o: { tensor: "OutputWeights", bound: 0, key: ({ seed }) => [seed] },
  x: { tensor: "Input", key: ({ seed, positions }) => [seed, positions] },
  q: { tensor: "Queries", sideBySide: true, key: ({ seed, positions }) => [seed, positions] },
  k: { tensor: "Keys", sideBySide: true, key: ({ seed, positions }) => [seed, positions] },
  v: { tensor: "Values", sideBySide: true, key: ({ seed, positions }) => [seed, positions] },
  scores: { tensor: "Scores", perHead: true, key: ({ seed, positions, heads }) => [seed, positions, heads] },
  scaled: { tensor: "Scaled", perHead: true, key: ({ seed, positions, heads }) => [seed, positions, heads] },
  masked: { tensor: "Masked", perHead: true, key: Object.values },
  weights: { tensor: "Weights", perHead: true, key: Object.values },
  mixed: { tensor: "Mixed", sideBySide: true, key: Object.values },
  output: { tensor: "Output", key: Object.values },
};
const SETUPS = SEEDS.flatMap((seed) =>
  POSITIONS.flatMap((positions) =>
    HEADS.flatMap((heads) => MASKS.map((mask) => ({ seed, positions, heads, mask }))),
  ),
);

test("every stage is PyTorch's, in all 32 set-ups", async ({ headlight }) => {
  await headlight.open();
  const worst = Object.fromEntries(Object.keys(STAGES).map((stage) => [stage, 0]));
  for (const setup of SETUPS) {
    const { seed, positions, heads, mask } = setup;
    await headlight.seed.fill(String(seed));
    await headlight.choose("Positions", positions);
    await headlight.choose("Heads", String(heads));
    await headlight.choose("Mask", mask);
    const ran = await headlight.ranWith(setup);
    expect(ran.engine.name).toBe(headlight.engineName);
    for (const [stage, difference] of Object.entries(await differences(headlight, ran.run, setup))) {
      worst[stage] = Math.max(worst[stage], difference);
    }
  }
  console.log(table(headlight.engineName, worst));
  for (const [stage, { bound = 1e-5 }] of Object.entries(STAGES)) {
    expect(worst[stage], stage).toBeLessThanOrEqual(bound);
  }
});

/** The largest difference of each stage between the page's engine and PyTorch. */
async function differences(headlight, run, setup) {
  const heads = Array.from({ length: setup.heads }, (_, head) => head);
  const wanted = Object.entries(STAGES).map(([stage, { tensor, sideBySide, perHead }]) => {
    return { stage, slices: (sideBySide || perHead ? heads : [0]).map((head) => [tensor, head]) };
  });
  const slices = await headlight.stored(run, wanted.flatMap(({ slices }) => slices));
  return Object.fromEntries(
    wanted.map(({ stage, slices: { length } }) => {
      const names = ["seed", "positions", "heads", "mask"];
      const path = STAGES[stage].key(setup).map((value, index) => `${names[index]}=${value}`);
      const expected = torch(["block", ...path, stage].join("/")).values;
      const parts = slices.splice(0, length);
      const actual = STAGES[stage].sideBySide ? joined(parts) : parts.flatMap(({ values }) => [...values]);
      return [stage, worstDifference(actual, expected, stage)];
    }),
  );
}

/** The heads' matrices side by side. */
function joined(parts) {
  const [{ rows, columns }] = parts;
  return Array.from({ length: rows }, (_, row) =>
    parts.flatMap(({ values }) => [...values.subarray(row * columns, (row + 1) * columns)]),
  ).flat();
}

function worstDifference(actual, expected, stage) {
  expect(actual.length, stage).toBe(expected.length);
  const differences = actual.map((value, index) => {
    // To the page a hidden key's weight is hidden; to PyTorch it is 0.
    if (stage === "weights" && value === -Infinity) return expected[index];
    if (STAGES[stage].bound === 0) return Object.is(value, expected[index]) ? 0 : Infinity;
    return value === expected[index] ? 0 : Math.abs(value - expected[index]);
  });
  // NaN is the worst of all.
  return differences.some(Number.isNaN) ? Infinity : Math.max(...differences);
}

function table(engine, worst) {
  const rows = Object.entries(worst).map(([stage, difference]) => {
    const shown = STAGES[stage].bound === 0 && difference === 0 ? "the same bits" : difference.toExponential(2);
    return `  ${stage.padEnd(8)} ${shown}`;
  });
  return [`${engine} in the browser against PyTorch, worst of ${SETUPS.length} set-ups:`, ...rows].join("\n");
}
