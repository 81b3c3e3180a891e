//! A cell, opened until nothing is left but the stored numbers that it was made from.
//!
//! The terms are worked out again in f64 from the operands, and their result is held against the number that the
//! engine stored. The tolerance is the rounding error that f32 arithmetic may make, no more. On the GPU that is
//! WGSL's "Floating Point Accuracy": sums, differences and products correctly rounded, a quotient off by 2.5 units in
//! the last place, `exp(x)` by 3 + 2·|x|, and numbers too small for f32's full precision perhaps taken as 0.

use super::{
    Session, Step, claim, mathml,
    number::{fixed, legible, percent, short, signed},
    scene::{self, Data, Source, sources},
    words::{self, explain as say, why as say_why},
};
use crate::attention::{Window, alibi_slope, divisors};
use crate::builtin;
use crate::embedding::{self, Positions, Token};
use crate::protocol::{Axis, Begins, CellRef, Item, Lengths, Matrix, Operands, Paint, Setup, Tensor, own_len};

/// A cell explained.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// Who and whom: "mat asks cat".
    pub heading: Vec<Span>,
    /// The number, as large as it is important.
    pub value: String,
    /// MathML.
    pub formula: String,
    /// The same with these numbers put in, where the formula itself has none.
    pub numbers: Option<String>,
    /// The names of the terms' columns.
    pub columns: Vec<&'static str>,
    /// Largest contribution first; a short softmax row in the order of its words, a long one with the cell's own first.
    pub terms: Vec<Term>,
    /// Whether the terms are parts of a whole, which have no sign.
    pub are_shares: bool,
    /// What the terms come to.
    pub totals: Vec<Total>,
    /// The computed check.
    pub check: Check,
    /// One plain sentence.
    pub why: String,
}

/// A piece of the heading.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// In whose colour.
    pub role: Role,
}

/// Whose colour something has, everywhere on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Nobody's.
    Plain,
    /// Q: blue.
    Query,
    /// K: orange.
    Key,
    /// V: green.
    Value,
    /// Output: purple.
    Output,
}

/// One term.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// One text for each of the explanation's columns.
    pub cells: Vec<String>,
    /// What it contributes; its bar's length and side.
    pub amount: f64,
    /// Whether it is the cell in question.
    pub is_cell: bool,
    /// Which cells its numbers are, of those that are another cell's: the column, and the cell.
    pub origins: Vec<(usize, CellRef)>,
}

/// What terms come to, or what a cell without terms follows from.
#[derive(Clone, Debug, PartialEq)]
pub struct Total {
    /// Of what.
    pub name: String,
    /// The number.
    pub number: String,
    /// Which cell the number is, if it is another cell's.
    pub origin: Option<CellRef>,
}

/// Whether the terms make the number that the engine stored.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Whether the difference is within the tolerance.
    pub holds: bool,
    /// By how much they differ. Where several things are held against each other: those that decide.
    pub difference: f64,
    /// By how much they may differ; 0 where the very same bits are expected.
    pub tolerance: f64,
    /// In words, with the difference and the tolerance.
    pub text: String,
}

/// What explaining needs to know besides the operands.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The sentence's tokens.
    pub tokens: &'a [Token],
    /// Those that keys and values are made of: in self-attention the same.
    pub keys: &'a [Token],
    /// The run's set-up.
    pub setup: &'a Setup,
}

/// Explains one number of the trace from its operands.
pub fn explain(operands: &Operands, context: Context) -> Explanation {
    let Operands { value, before, .. } = operands;
    let mut explanation = explain_now(operands, context);
    for (term, source) in explanation.terms.iter_mut().zip(sources(operands.cell, context.setup)) {
        if let Source::Cell(..) = source {
            term.origins = vec![(1, source.at(0, operands.cell.head))];
        }
    }
    explanation.numbers = in_numbers(operands.cell.tensor, &explanation.terms);
    if let Some(before) = before.map(f64::from) {
        let change = match (before == f64::NEG_INFINITY, *value == f32::NEG_INFINITY) {
            (false, false) => signed(f64::from(*value) - before),
            (true, true) => say::MASKED.to_owned(),
            (true, false) => say::NOW_VISIBLE.to_owned(),
            (false, true) => say::NOW_HIDDEN.to_owned(),
        };
        explanation.totals.push(total(say::BEFORE, masked_score(before)));
        explanation.totals.push(total(say::CHANGE, change));
    }
    explanation
}

fn explain_now(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, .. } = operands;
    match cell.tensor {
        tensor if tensor.is_given(context.setup) => given(operands, context),
        Tensor::Tokens | Tensor::KeyTokens => token(operands, context),
        Tensor::WordEmbeddings | Tensor::KeyWordEmbeddings => word_embedding(operands, context),
        Tensor::Positions | Tensor::KeyPositions => position(operands, context),
        Tensor::Input | Tensor::KeyInput => input(operands, context),
        Tensor::QueryWeights | Tensor::KeyWeights | Tensor::ValueWeights | Tensor::OutputWeights => {
            weight(operands, context)
        }
        Tensor::Queries | Tensor::Keys | Tensor::Values => projection(operands, context),
        Tensor::Scores => score(operands, context),
        Tensor::Scaled => scaled(operands, context),
        Tensor::Mask => mask(operands, context),
        Tensor::Masked => masked(operands, context),
        Tensor::RowMax => row_max(operands, context),
        Tensor::Shifted => shifted(operands, context),
        Tensor::Exponentials => exponential(operands, context),
        Tensor::ExponentialSums => exponential_sum(operands, context),
        Tensor::Weights if context.hides(*cell) => hidden_weight(operands, context),
        Tensor::Weights => softmax(operands, context),
        Tensor::RowSums => row_sum(operands, context),
        Tensor::Mixed | Tensor::Heads => mixed(operands, context),
        Tensor::Output => output(operands, context),
    }
}

/// What a change of the set-up moved most, of what the step makes. `None` where no change is shown.
pub fn what_moved(session: &Session, data: &Data) -> Option<String> {
    let before = data.before.as_ref()?;
    let [before, now] = [before, &data.setup].map(|setup| setup.within(data.sentence().takes_paint()));
    if before == now {
        return Some(words::COMPARE_FROM_HERE.to_owned());
    }
    let moved = what_moved_most(session, data, [&before, &now])?;
    Some([words::compared_with(&before, &now), moved].join(" "))
}

fn what_moved_most(session: &Session, data: &Data, [before, now]: [&Setup; 2]) -> Option<String> {
    let tensor = scene::result(session.step, session.projection, now);
    let matrix = data.on_stage(tensor, session.head)?;
    if !matrix.is_change {
        return Some(say::NOT_COMPARED.to_owned());
    }
    if session.step == Step::Mask && (before.mask, &before.painted) != (now.mask, &now.painted) {
        let seen = data.sentence().takes_paint();
        let (hidden, visible) = (hidden_since(before, now, seen), hidden_since(now, before, seen));
        return Some(say::keys_moved(hidden, visible));
    }
    let changes = matrix.values.iter().copied().enumerate().filter(|(_, change)| change.is_finite());
    let (index, change) = changes.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs()))?;
    let by = signed(change.into());
    if change == 0.0 {
        return Some(say::NOTHING_MOVED.to_owned());
    } else if !matrix.is_whole() {
        return Some(say::most_moved_somewhere(&by));
    }
    let (row, column) = (matrix.first_row + index / matrix.columns, matrix.first_column + index % matrix.columns);
    let cell = CellRef { tensor, head: scene::head_of(tensor, session.head), row, column };
    Some(say::most_moved(&place(cell, data.context()), &by))
}

/// How many keys are hidden from a query now that it saw before. Of thousands of words, not pair by pair.
fn hidden_since(before: &Setup, now: &Setup, among: Lengths) -> usize {
    let Lengths { queries, keys } = among;
    let mut hidden = 0;
    for query in 0..queries {
        let [saw, sees] = [before, now].map(|setup| setup.mask.keys(query as isize, keys));
        hidden += saw.len() - saw.end.min(sees.end).saturating_sub(saw.start.max(sees.start));
    }
    let is_new = |paint: &&Paint| before.paint_at(paint.query, paint.key).is_err();
    for &Paint { query, key, .. } in before.painted.iter().chain(now.painted.iter().filter(is_new)) {
        if query >= queries || key >= keys {
            continue;
        }
        let counts = |sees: fn(&Setup, usize, usize, usize) -> bool| {
            usize::from(sees(before, query, key, keys) && !sees(now, query, key, keys))
        };
        hidden = hidden + counts(Setup::sees) - counts(Setup::sees_unpainted);
    }
    hidden
}

/// What a screen reader says of a cell: "query mat, key cat: 0.299"; the place alone while the number is on its way.
pub fn announcement(cell: CellRef, value: Option<f32>, context: Context) -> String {
    let place = place(cell, context);
    value.map_or(place.clone(), |value| say::announced(&place, &in_words(cell, value, context)))
}

/// What a screen reader says of a cell that shows a change: "query mat, key cat: change +0.180".
pub fn change_announcement(cell: CellRef, change: Option<f32>, context: Context, before: &Setup) -> String {
    let Some(change) = change else { return place(cell, context) };
    let text = change_in_words(cell, change, context, before);
    let text = if change.is_finite() { say::announced_change(&text) } else { text };
    say::announced(&place(cell, context), &text)
}

/// A number of the trace: "0.299", "masked".
pub fn in_words(cell: CellRef, value: f32, context: Context) -> String {
    match cell.tensor {
        Tensor::Tokens | Tensor::KeyTokens => {
            let token = context.tokens_of(cell.tensor.axes().1).get(cell.column);
            token.map_or(String::new(), |token| say::token_id(token.id))
        }
        Tensor::Mask if value == f32::NEG_INFINITY => say::HIDDEN.to_owned(),
        Tensor::Mask => say::VISIBLE.to_owned(),
        _ if value == f32::NEG_INFINITY => say::MASKED.to_owned(),
        _ => fixed(value.into(), 3),
    }
}

/// A change of a number of the trace: "+0.180", "now hidden".
pub fn change_in_words(cell: CellRef, change: f32, context: Context, before: &Setup) -> String {
    let was_hidden = !context.sees(before, cell.row, cell.column);
    match change {
        f32::NEG_INFINITY if was_hidden && !context.hides(cell) => say::NOW_VISIBLE.to_owned(),
        f32::NEG_INFINITY if !was_hidden => say::NOW_HIDDEN.to_owned(),
        _ if change.is_finite() => signed(change.into()),
        _ => in_words(cell, change, context),
    }
}

/// Where a cell is, matrix and place: "queries: token mat, dimension 3".
pub fn whereabouts(cell: CellRef, context: Context) -> String {
    say::announced(&words::tensor_in_text(cell.tensor), &place(cell, context))
}

/// The colour that a tensor's name has.
pub fn role_of(tensor: Tensor) -> Role {
    match tensor {
        Tensor::Queries | Tensor::QueryWeights => Role::Query,
        Tensor::Keys | Tensor::KeyWeights => Role::Key,
        Tensor::Values | Tensor::ValueWeights => Role::Value,
        Tensor::Output | Tensor::OutputWeights => Role::Output,
        _ => Role::Plain,
    }
}

/// Where a cell is, in words: "query mat, key cat".
fn place(cell: CellRef, context: Context) -> String {
    let CellRef { tensor, row, column, .. } = cell;
    match tensor.axes() {
        _ if tensor.of_queries() == Tensor::Positions => say::at_position(row, column),
        (Axis::One, axis) => say::at_token(column, context.word(axis, column)),
        (Axis::Width, Axis::HeadWidth) => say::at_weight(row, context.width_column(cell)),
        (Axis::Width, _) => say::at_weight(row, column),
        (rows, columns @ (Axis::Queries | Axis::Keys)) => {
            say::at_query_and_key(&context.word_in_place(rows, row), &context.word_in_place(columns, column))
        }
        (rows, Axis::One) => say::at_query(&context.word_in_place(rows, row)),
        (rows, Axis::Width | Axis::HeadWidth) => say::at_dimension(&context.word_in_place(rows, row), column),
    }
}

impl<'a> Context<'a> {
    /// Of one sentence of a batch.
    pub fn of(Item { tokens, keys }: &'a Item, setup: &'a Setup) -> Self {
        Self { tokens, keys, setup }
    }

    /// The tokens that the rows or columns of a matrix stand for.
    pub fn tokens_of(self, axis: Axis) -> &'a [Token] {
        if axis == Axis::Keys { self.keys } else { self.tokens }
    }

    fn word(self, axis: Axis, index: usize) -> &'a str {
        self.tokens_of(axis).get(index).map_or("", |token| &token.text)
    }

    /// A word inside a sentence: where it runs from right to left, its neighbours must not run with it.
    fn word_in_text(self, axis: Axis, index: usize) -> String {
        const FIRST_RIGHT_TO_LEFT: char = '\u{590}';
        let word = self.word(axis, index);
        if word.chars().any(|character| character >= FIRST_RIGHT_TO_LEFT) {
            format!("\u{2068}{word}\u{2069}")
        } else {
            word.to_owned()
        }
    }

    /// A word, with its place where the word alone would be ambiguous.
    pub(super) fn word_in_place(self, axis: Axis, index: usize) -> String {
        let text = self.word(axis, index);
        let repeated = self.tokens_of(axis).iter().filter(|token| token.text == text).count() > 1;
        if repeated { say::word_in_place(text, index) } else { text.to_owned() }
    }

    /// Whether the query of this cell's row may not see the key of its column.
    fn hides(self, cell: CellRef) -> bool {
        !self.sees(self.setup, cell.row, cell.column)
    }

    /// The keys of a row of this length that its query may see.
    fn visible_keys(self, query: usize, len: usize) -> impl Iterator<Item = usize> {
        let own = own_len(self.keys);
        (0..len).filter(move |key| self.setup.sees(query, *key, own))
    }

    /// Whether a query may see a key of these tokens, in this set-up or another.
    fn sees(self, setup: &Setup, query: usize, key: usize) -> bool {
        setup.sees(query, key, own_len(self.keys))
    }

    /// Those keys as a list.
    fn visible(self, query: usize, len: usize) -> Vec<usize> {
        self.visible_keys(query, len).collect()
    }

    /// The columns of a head.
    fn head_dim(self) -> usize {
        self.setup.width / self.setup.heads
    }

    /// Which column of the model width a head's column is.
    pub(super) fn width_column(self, cell: CellRef) -> usize {
        cell.head * self.head_dim() + cell.column
    }
}

fn plain(text: impl Into<String>) -> Span {
    Span { text: text.into(), role: Role::Plain }
}

fn of(role: Role, text: impl Into<String>) -> Span {
    Span { text: text.into(), role }
}

/// Puts the pieces in where the template has `{}`.
fn heading<const N: usize>(template: &str, pieces: [Span; N]) -> Vec<Span> {
    let mut pieces = pieces.into_iter();
    let mut spans = Vec::new();
    for (index, text) in template.split("{}").enumerate() {
        if index > 0 {
            spans.extend(pieces.next());
        }
        if !text.is_empty() {
            spans.push(plain(text));
        }
    }
    spans
}

/// The word that a cell's row stands for, with its place where the word alone would be ambiguous.
fn row_in_place(cell: CellRef, context: Context) -> String {
    context.word_in_place(cell.tensor.axes().0, cell.row)
}

/// The same word inside a sentence.
fn row_in_text(cell: CellRef, context: Context) -> String {
    context.word_in_text(cell.tensor.axes().0, cell.row)
}

fn token_and_dimension(cell: CellRef, context: Context) -> Vec<Span> {
    heading(say::AT_DIMENSION, [plain(row_in_place(cell, context)), plain(cell.column.to_string())])
}

fn query_and_key(template: &str, cell: CellRef, context: Context) -> Vec<Span> {
    let query = of(Role::Query, context.word_in_place(Axis::Queries, cell.row));
    heading(template, [query, of(Role::Key, context.word_in_place(Axis::Keys, cell.column))])
}

fn query_alone(template: &str, cell: CellRef, context: Context) -> Vec<Span> {
    heading(template, [of(Role::Query, context.word_in_place(Axis::Queries, cell.row))])
}

const M_MINUS_MAX: &str = "m − max";

/// `u`: a correctly rounded operation is off by at most `u · |result|`, one unit in the last place is at most twice
/// that.
const U: f64 = f32::EPSILON as f64 / 2.0;

/// Smaller numbers have less than f32's full precision, and a GPU may take them as 0.
const SMALLEST: f64 = f32::MIN_POSITIVE as f64;

/// What adding up `n` products may be off by, in whatever order, rounded in between or not: `n · u · Σ|terms|`
/// (Jeannerod and Rump, "Improved error bounds for inner products in floating-point arithmetic", 2013); besides, an
/// operand or a product taken as 0.
fn product_tolerance(left: &[f32], right: &[f32]) -> f64 {
    let (mut magnitude, mut lost) = (0.0, 0.0);
    for (&left, &right) in left.iter().zip(right) {
        let (left, right) = (f64::from(left).abs(), f64::from(right).abs());
        magnitude += left * right;
        lost += SMALLEST * (1.0 + left + right);
    }
    left.len() as f64 * U * magnitude + lost
}

/// What a row of shares may be off from 1: its n exponentials were added up in whatever order (n − 1 roundings), and
/// each divided by their sum (2.5 units in the last place).
fn row_tolerance(len: usize) -> f64 {
    (len as f64 + 4.0) * U + len as f64 * SMALLEST
}

/// Whether so many shares sum to 1, but for what rounding may do, that of the sum itself included.
pub fn is_whole_row(sum: f32, len: usize) -> bool {
    (f64::from(sum) - 1.0).abs() <= row_tolerance(len) + U
}

/// How nearly a row of shares sums to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whole {
    /// But for what rounding may do in float32.
    Exactly,
    /// As nearly as numbers of eight binary digits can, which bfloat16 has.
    Rounded,
    /// It does not.
    No,
}

impl Whole {
    /// Of so many shares out of a file.
    pub fn of_given(sum: f32, len: usize) -> Self {
        const UNIT: f64 = 1.0 / 256.0;
        match (f64::from(sum) - 1.0).abs() {
            _ if is_whole_row(sum, len) => Self::Exactly,
            difference if difference <= UNIT => Self::Rounded,
            _ => Self::No,
        }
    }
}

/// What is said over attention weights out of a file: that they sum to 1, or do not, or are no shares. `None` for anything else.
pub fn what_was_given(session: &Session, data: &Data) -> Option<String> {
    if data.setup.begins() != Some(Begins::Weights) || session.step != Step::Softmax {
        return None;
    }
    let weights = data.on_stage(Tensor::Weights, session.head)?;
    // Of several numbers that are drawn as one, the largest in size is known.
    let ends = |matrix: &Matrix| {
        matrix
            .values
            .iter()
            .fold((f32::INFINITY, f32::NEG_INFINITY), |(least, most), value| (least.min(*value), most.max(*value)))
    };
    let ((least, most), keys) = (ends(weights), data.shape(Tensor::Weights).1);
    // A little over 1 is one that was rounded.
    if least < 0.0 || Whole::of_given(most.max(1.0), keys) == Whole::No {
        return Some(words::given::weights_are_no_shares(weights.is_whole().then_some((least, most))));
    }
    let sums = data.on_stage(Tensor::RowSums, session.head)?;
    let wholes = sums.values.iter().map(|sum| Whole::of_given(*sum, keys));
    let ((least, most), is_whole) = (ends(sums), sums.is_whole());
    Some(match () {
        () if wholes.clone().any(|whole| whole == Whole::No) => {
            words::given::weights_do_not_add_up(is_whole.then_some(least), most)
        }
        () if wholes.clone().any(|whole| whole == Whole::Rounded) => words::given::WEIGHTS_ROUNDED.to_owned(),
        () => words::given::WEIGHTS_LEAD.to_owned(),
    })
}

/// What a share may be off by. `distances` are the |m − max| of the row, `shares` what they come to.
fn share_tolerance(share: f64, distance: f64, distances: &[f64], shares: &[f64]) -> f64 {
    // 3 + 2·|x| units in the last place, and the rounding of x itself, which moves exp(x) by |x|·u.
    let exp = |distance: f64| if distance.is_finite() { 6.0 + 5.0 * distance } else { 0.0 };
    // The errors of the sum's exponentials, each as important as its share.
    let exps: f64 = distances.iter().zip(shares).map(|(&distance, &share)| share * exp(distance)).sum();
    (exp(distance) + exps) * U * share + row_tolerance(distances.len()) * share + 2.0 * SMALLEST
}

/// Holds what was worked out again against the stored number.
fn check(calculated: f64, stored: f64, tolerance: f64, claim: &str) -> Check {
    // Two equal infinities are no difference, and NaN is no agreement.
    let difference = if calculated == stored { 0.0 } else { (calculated - stored).abs() };
    let holds = difference <= tolerance;
    let text = match holds {
        true if tolerance == 0.0 => claim.to_owned(),
        true => say::holds_within(claim, difference, tolerance),
        false => say::does_not_add_up(calculated, stored, difference, tolerance),
    };
    Check { holds, difference, tolerance, text }
}

/// Holds a row of shares against 1.
fn row_check(row: &[f32], cell: CellRef, context: Context) -> Check {
    let sum = sum(row);
    if context.visible_keys(cell.row, row.len()).next().is_none() {
        return check(0.0, sum, 0.0, say::NOTHING_SEEN_IS_ZEROS);
    }
    let (difference, tolerance) = ((sum - 1.0).abs(), row_tolerance(row.len()));
    let holds = difference <= tolerance;
    let text = if holds { say::row_is_whole(difference) } else { say::row_is_not_whole(sum) };
    Check { holds, difference, tolerance, text }
}

/// Holds what the mask adds, as it is stored, against the rule: 0 or −∞.
fn visibility_check(stored: f64, cell: CellRef, context: Context) -> Check {
    let hidden = context.hides(cell);
    let holds = (stored == f64::NEG_INFINITY) == hidden;
    let difference = if holds { 0.0 } else { f64::INFINITY };
    let text = if holds { say::rule_agrees(hidden) } else { say::rule_disagrees(hidden, stored) };
    Check { holds, difference, tolerance: 0.0, text }
}

/// Holds what is added to a score against the rule: nothing, or with ALiBi less the farther the two are apart.
fn added_check(stored: f64, cell: CellRef, context: Context) -> Check {
    let rule = visibility_check(stored, cell, context);
    let expected = match context.setup.positions {
        _ if context.hides(cell) => f64::NEG_INFINITY,
        // In f32, as the engine's Rust makes it on either engine: the same bits.
        Positions::Alibi => f64::from(-slope(cell, context) * cell.row.abs_diff(cell.column) as f32),
        _ => 0.0,
    };
    rule.and(check(expected, stored, 0.0, say::ADDED_FOLLOWS))
}

impl Check {
    /// Both have to hold; the numbers are those of the first, or of the second if that fails alone.
    fn and(self, other: Check) -> Check {
        match (self.holds, other.holds) {
            (true, true) => Check { text: [self.text.as_str(), &other.text].join(say::AND), ..self },
            (true, false) => other,
            (false, _) => self,
        }
    }
}

/// The operand where there is one alone.
fn first(operand: &[f32]) -> f64 {
    operand.first().copied().map_or(f64::NAN, f64::from)
}

fn sum(row: &[f32]) -> f64 {
    row.iter().map(|&value| f64::from(value)).sum()
}

fn largest(row: &[f32]) -> f64 {
    row.iter().copied().fold(f32::NEG_INFINITY, f32::max).into()
}

fn size(term: &Term) -> f64 {
    term.amount.abs()
}

/// Largest first.
fn sort(terms: &mut [Term], by: fn(&Term) -> f64) {
    terms.sort_by(|a, b| by(b).total_cmp(&by(a)));
}

/// Terms `left[i] × right[i]` of a cell, largest contribution first, and their sum.
fn products(
    (cell, setup): (CellRef, &Setup),
    left: &[f32],
    right: &[f32],
    label: &dyn Fn(usize) -> String,
    decimals: usize,
) -> (Vec<Term>, f64) {
    let number = |value: f32| fixed(value.into(), decimals);
    let factors = sources(cell, setup);
    let mut terms: Vec<Term> = left
        .iter()
        .zip(right)
        .enumerate()
        .map(|(i, (&left, &right))| {
            let amount = f64::from(left) * f64::from(right);
            let cells = vec![label(i), number(left), number(right), fixed(amount, 3)];
            // A bias is in no matrix here.
            let is_projected = matches!(cell.tensor, Tensor::Queries | Tensor::Keys | Tensor::Values | Tensor::Output);
            let is_bias = is_projected && i >= setup.width;
            let origins =
                (1..).zip(factors.iter().map(|source| source.at(i, cell.head))).filter(|_| !is_bias).collect();
            Term { cells, amount, is_cell: false, origins }
        })
        .collect();
    let sum = terms.iter().map(|term| term.amount).sum();
    sort(&mut terms, size);
    (terms, sum)
}

/// The formula with the largest terms put in: as products, as a sum, or as what the largest is taken of.
fn in_numbers(tensor: Tensor, terms: &[Term]) -> Option<String> {
    let (most, of_products) = match tensor {
        Tensor::Queries
        | Tensor::Keys
        | Tensor::Values
        | Tensor::Scores
        | Tensor::Mixed
        | Tensor::Heads
        | Tensor::Output => (2, true),
        Tensor::Input
        | Tensor::Masked
        | Tensor::Shifted
        | Tensor::RowMax
        | Tensor::ExponentialSums
        | Tensor::RowSums => (3, false),
        _ => return None,
    };
    let (opening, sign, closing) = if tensor == Tensor::RowMax { ("max(", ",", ")") } else { ("", "+", "") };
    let mut numbers = ["= ", opening].concat();
    for (index, term) in terms.iter().enumerate() {
        let (first, last) = (index == 0, index == most);
        let number = &term.cells[1];
        match number.strip_prefix('−') {
            _ if first => numbers += number,
            // What is added, and negative, is subtracted.
            Some(size) if !last && sign == "+" => {
                numbers += " − ";
                numbers += size;
            }
            _ if last => {
                numbers += &[" ", sign, " ⋯"].concat();
                break;
            }
            _ => numbers += &[" ", sign, " ", number].concat(),
        }
        if of_products {
            numbers += " · ";
            numbers += &bracketed(&term.cells[2]);
        }
    }
    numbers += closing;
    (!terms.is_empty()).then_some(numbers)
}

/// A negative number in the middle of a formula.
fn bracketed(number: &str) -> String {
    if number.starts_with('−') { ["(", number, ")"].concat() } else { number.to_owned() }
}

/// One term for each key that the row's query may see, largest first.
fn row_terms(row: &[f32], cell: CellRef, context: Context) -> Vec<Term> {
    let of = sources(cell, context.setup);
    let term = |key: usize| {
        let origins = of.iter().map(|source| (1, source.at(key, cell.head))).collect();
        Term { origins, ..operand(&context.word_in_place(Axis::Keys, key), row[key].into(), row[key].into()) }
    };
    let mut terms: Vec<Term> = context.visible_keys(cell.row, row.len()).map(term).collect();
    sort(&mut terms, |term| term.amount);
    terms
}

/// A term with a name and one number.
fn operand(name: &str, value: f64, amount: f64) -> Term {
    Term { cells: vec![name.to_owned(), fixed(value, 3)], amount, is_cell: false, origins: Vec::new() }
}

fn total(name: impl Into<String>, number: String) -> Total {
    Total { name: name.into(), number, origin: None }
}

/// A total that is another cell's number.
fn total_of(name: impl Into<String>, number: String, origin: CellRef) -> Total {
    Total { origin: Some(origin), ..total(name, number) }
}

/// A cell of another tensor, in the same head.
fn beside(cell: CellRef, tensor: Tensor, row: usize, column: usize) -> CellRef {
    CellRef { tensor, head: scene::head_of(tensor, cell.head), row, column }
}

/// An explanation without terms.
fn leaf(heading: Vec<Span>, value: String, formula: &[String], check: Check, why: String) -> Explanation {
    Explanation {
        heading,
        value,
        formula: mathml::row(formula),
        numbers: None,
        columns: Vec::new(),
        terms: Vec::new(),
        are_shares: false,
        totals: Vec::new(),
        check,
        why,
    }
}

/// A number that came out of a file.
fn given(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let letter = match cell.tensor {
        Tensor::Queries => "q",
        Tensor::Keys => "k",
        Tensor::Values => "v",
        Tensor::Weights => "A",
        Tensor::Input | Tensor::KeyInput => "x",
        _ => "w",
    };
    let why = operands.from.as_deref().map_or(String::new(), words::given::why_given);
    leaf(
        vec![of(role_of(cell.tensor), place(*cell, context))],
        legible((*value).into(), 4),
        &[
            mathml::sub(letter, &format!("{},{}", cell.row, cell.column)),
            mathml::op("="),
            mathml::num(&legible((*value).into(), 8)),
        ],
        check(first(left), (*value).into(), 0.0, words::given::READ_AGAIN),
        why,
    )
}

fn token(operands: &Operands, context: Context) -> Explanation {
    let column = operands.cell.column;
    let tokens = context.tokens_of(operands.cell.tensor.axes().1);
    let token = &tokens[column];
    let term = |character: char| {
        let bytes: Vec<String> = character.to_string().bytes().map(|byte| format!("{byte:02x}")).collect();
        let cells = vec![character.to_string(), format!("U+{:04X}", u32::from(character)), bytes.join(" ")];
        Term { cells, amount: 0.0, is_cell: false, origins: Vec::new() }
    };
    let again = embedding::id_from_lower_case(&token.word);
    // An id is a whole number; the tensor holds it as an f32, rounded.
    let stored = check((token.id as f32).into(), operands.value.into(), 0.0, say::ID_FOLLOWS);
    let check = if again == token.id {
        stored
    } else {
        Check { holds: false, difference: f64::INFINITY, text: say::another_id(again, token.id), ..stored }
    };
    let others: Vec<usize> =
        (0..tokens.len()).filter(|&other| other != column && tokens[other].id == token.id).collect();
    Explanation {
        columns: say::TOKEN_COLUMNS.to_vec(),
        terms: token.word.chars().map(term).collect(),
        totals: vec![total(say::CRC, again.to_string())],
        ..leaf(
            heading(say::IS_TOKEN, [plain(&*token.text), plain(column.to_string())]),
            say::token_id(token.id),
            &[
                mathml::text("id"),
                mathml::op("="),
                mathml::text("crc32"),
                mathml::op("("),
                mathml::text(&say::quoted(&token.word)),
                mathml::op(")"),
            ],
            check,
            say::why_token(token.start, token.end, &others),
        )
    }
}

fn word_embedding(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let of_queries = cell.tensor.of_queries() == cell.tensor;
    let token = if of_queries { Tensor::Tokens } else { Tensor::KeyTokens };
    let (id, seed) = (context.tokens_of(cell.tensor.axes().0)[cell.row].id, context.setup.seed);
    Explanation {
        totals: vec![total_of(say::TOKEN, say::token_id(id), beside(*cell, token, 0, cell.row))],
        ..leaf(
            token_and_dimension(*cell, context),
            fixed((*value).into(), 3),
            &[
                mathml::sub("e", &cell.column.to_string()),
                mathml::op("="),
                mathml::text("randn"),
                mathml::op("("),
                mathml::text(&say::seed_and_id(id, seed)),
                mathml::op(")"),
            ],
            check(first(left), (*value).into(), 0.0, say::DRAWN_AGAIN_FROM_WORD),
            say::WHY_WORD_EMBEDDING.to_owned(),
        )
    }
}

fn position(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, .. } = operands;
    let (value, width) = (f64::from(*value), context.setup.width);
    let heading = heading(say::POSITION_AT_DIMENSION, [plain(cell.row.to_string()), plain(cell.column.to_string())]);
    if context.setup.positions != Positions::Sinusoidal {
        return leaf(
            heading,
            fixed(value, 3),
            &[mathml::id("p"), mathml::op("="), mathml::num("0")],
            check(0.0, value, 0.0, say::NOTHING_ADDED),
            say::why_no_positions(context.setup.positions).to_owned(),
        );
    }
    let angle = embedding::angle(cell.row, cell.column, width);
    let (name, result) =
        if cell.column.is_multiple_of(2) { ("sin", builtin::sin(angle)) } else { ("cos", builtin::cos(angle)) };
    let exponent = cell.column - cell.column % 2;
    let length = std::f64::consts::TAU / embedding::angle(1, cell.column, width);
    let formula = [
        mathml::text(name),
        mathml::op("("),
        mathml::frac(
            &mathml::num(&cell.row.to_string()),
            &mathml::sup(&mathml::num("10000"), &mathml::num(&format!("{exponent}/{width}"))),
        ),
        mathml::op(")"),
        mathml::op("="),
        mathml::text(name),
        mathml::op("("),
        mathml::num(&fixed(angle, 4)),
        mathml::op(")"),
    ];
    Explanation {
        totals: vec![total(format!("{name}({})", fixed(angle, 4)), fixed(result, 6))],
        // The engine rounds the f64 result once.
        ..leaf(
            heading,
            fixed(value, 3),
            &formula,
            check(result, value, U * result.abs(), say::FORMULA_GIVES),
            say_why::wave(cell.column, length),
        )
    }
}

fn input(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let (e, p) = (first(left), first(right));
    let word = &row_in_text(*cell, context);
    let why = match context.setup.positions {
        Positions::Sinusoidal => say_why::input(word, cell.row, e, p),
        other => say::why_input_without_positions(word, other),
    };
    Explanation {
        columns: say::OPERAND_COLUMNS.to_vec(),
        terms: vec![operand(say::EMBEDDING, e, e), operand(say::POSITION, p, p)],
        totals: vec![total("e + p", fixed(e + p, 3))],
        ..leaf(
            token_and_dimension(*cell, context),
            fixed((*value).into(), 3),
            &[mathml::id("x"), mathml::op("="), mathml::id("e"), mathml::op("+"), mathml::id("p")],
            check(e + p, (*value).into(), U * (e + p).abs(), say::ADDS_UP),
            why,
        )
    }
}

fn weight(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let Setup { seed, width, .. } = *context.setup;
    let layer = match cell.tensor {
        Tensor::QueryWeights => 0,
        Tensor::KeyWeights => 1,
        Tensor::ValueWeights => 2,
        _ => 3,
    };
    let column = if cell.tensor == Tensor::OutputWeights { cell.column } else { context.width_column(*cell) };
    let bound = || mathml::frac(&mathml::num("1"), &mathml::sqrt(&mathml::num(&width.to_string())));
    leaf(
        heading(say::FROM_TO, [plain(cell.row.to_string()), plain(column.to_string())]),
        fixed((*value).into(), 4),
        &[
            mathml::op("−"),
            bound(),
            mathml::op("≤"),
            mathml::id("w"),
            mathml::op("<"),
            bound(),
            mathml::op("="),
            mathml::num(&fixed(1.0 / (width as f64).sqrt(), 3)),
        ],
        check(first(left), (*value).into(), 0.0, say::DRAWN_AGAIN_FROM_SEED),
        say::why_weight(layer, width, seed),
    )
}

fn projection(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    if right.len() > left.len() {
        return turned_projection(operands, context);
    }
    let (letter, does) = match cell.tensor {
        Tensor::Queries => ("q", say::LOOKS_FOR),
        Tensor::Keys => ("k", say::FOUND_BY),
        _ => ("v", say::PASSES_ON),
    };
    let width = context.setup.width;
    let label = |i: usize| if i < width { i.to_string() } else { say::BIAS.to_owned() };
    let (terms, sum) = products((*cell, context.setup), left, right, &label, 3);
    let balance = claim::balance(*value, left, right);
    let why = say_why::projection(&row_in_text(*cell, context), cell.column, does, &label, &balance);
    let pieces = [
        of(role_of(cell.tensor), row_in_place(*cell, context)),
        plain(cell.column.to_string()),
        plain(words::tensor_in_text(cell.tensor)),
    ];
    Explanation {
        columns: say::PROJECTION_COLUMNS.to_vec(),
        totals: vec![total(say::sum_of(terms.len()), fixed(sum, 3))],
        terms,
        ..leaf(
            heading(say::AT_DIMENSION_OF_ITS, pieces),
            fixed((*value).into(), 3),
            &[
                mathml::sub(letter, &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::sum("i", width),
                mathml::sub("x", &format!("{},i", cell.row)),
                mathml::op("·"),
                mathml::sub("w", &format!("i,{}", context.width_column(*cell))),
                bias(left.len() > width, context.width_column(*cell)),
            ],
            check(sum, (*value).into(), product_tolerance(left, right), say::ADDS_UP),
            why,
        )
    }
}

/// What is added to a projection, if anything is.
fn bias(is_there: bool, column: usize) -> String {
    if is_there { mathml::op("+") + &mathml::sub("b", &column.to_string()) } else { String::new() }
}

/// A query or a key that was turned by its place. Turning it is the same as turning the two columns of weights behind it,
/// whose terms are then added up as any other's.
fn turned_projection(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let is_query = cell.tensor == Tensor::Queries;
    let (letter, input) = if is_query { ("q", Tensor::Input) } else { ("k", Tensor::Input.of_keys(context.setup)) };
    let (even, odd) = right.split_at(left.len());
    let (pair, divisors) = (cell.column / 2, divisors(context.head_dim(), crate::protocol::ROTARY_BASE));
    let angle = cell.row as f64 / divisors[pair];
    let (cos, sin) = (builtin::cos(angle), builtin::sin(angle));
    let turned = |even: f64, odd: f64| {
        if cell.column.is_multiple_of(2) { even * cos - odd * sin } else { even * sin + odd * cos }
    };
    let mut terms: Vec<Term> = (0..left.len())
        .map(|i| {
            let (x, w) = (f64::from(left[i]), turned(even[i].into(), odd[i].into()));
            Term {
                cells: vec![i.to_string(), fixed(x, 3), fixed(w, 3), fixed(x * w, 3)],
                amount: x * w,
                is_cell: false,
                origins: vec![(1, beside(*cell, input, cell.row, i))],
            }
        })
        .collect();
    let sum: f64 = terms.iter().map(|term| term.amount).sum();
    sort(&mut terms, size);
    let dot = |column: &[f32]| left.iter().zip(column).map(|(&x, &w)| f64::from(x) * f64::from(w)).sum::<f64>();
    let [before, partner] = [even, odd].map(dot);
    // Each of the two sums was rounded as any; on the GPU sine and cosine are f32, their products and the sum are rounded.
    let turning = 4.0 * U * (before.abs() + partner.abs());
    let tolerance = product_tolerance(left, even) + product_tolerance(left, odd) + turning;
    let pieces = [
        of(role_of(cell.tensor), row_in_place(*cell, context)),
        plain(cell.column.to_string()),
        plain(words::tensor_in_text(cell.tensor)),
    ];
    let unturned = |column: usize| mathml::sub(letter, &format!("{},{column}", cell.row));
    let angle_text = mathml::num(&fixed(angle, 4));
    let by = |name: &str| [mathml::text(name), mathml::op("("), angle_text.clone(), mathml::op(")")].concat();
    let (first, sign, second) = if cell.column.is_multiple_of(2) { ("cos", "−", "sin") } else { ("sin", "+", "cos") };
    Explanation {
        columns: say::TURNED_COLUMNS.to_vec(),
        totals: vec![
            total(say::before_turning(2 * pair), fixed(before, 3)),
            total(say::before_turning(2 * pair + 1), fixed(partner, 3)),
            total(say::sum_of(terms.len()), fixed(sum, 3)),
        ],
        terms,
        ..leaf(
            heading(say::AT_DIMENSION_OF_ITS, pieces),
            fixed((*value).into(), 3),
            &[
                mathml::sub(&format!("{letter}′"), &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                unturned(2 * pair),
                mathml::op("·"),
                by(first),
                mathml::op(sign),
                unturned(2 * pair + 1),
                mathml::op("·"),
                by(second),
            ],
            check(sum, (*value).into(), tolerance, say::ADDS_UP),
            say::why_turned(&row_in_text(*cell, context), cell.row, pair, angle),
        )
    }
}

fn score(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let (terms, sum) = products((*cell, context.setup), left, right, &|d| d.to_string(), 2);
    let balance = claim::balance(*value, left, right);
    let why = say_why::score(&row_in_text(*cell, context), &context.word_in_text(Axis::Keys, cell.column), &balance);
    Explanation {
        columns: say::SCORE_COLUMNS.to_vec(),
        totals: vec![total(say::sum_of(terms.len()), fixed(sum, 3))],
        terms,
        ..leaf(
            query_and_key(say::ASKS, *cell, context),
            fixed((*value).into(), 3),
            &[
                mathml::sub("S", &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::sum("d", left.len()),
                mathml::sub("q", "d"),
                mathml::op("·"),
                mathml::sub("k", "d"),
            ],
            check(sum, (*value).into(), product_tolerance(left, right), say::ADDS_UP),
            why,
        )
    }
}

fn scaled(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let (score, factor) = (first(left), first(right));
    let head_dim = context.head_dim();
    let Setup { is_scaled, temperature, softcap, .. } = *context.setup;
    let (root, temperature) = ((head_dim as f64).sqrt(), f64::from(temperature));
    let divisor = if is_scaled { root * temperature } else { temperature };
    let scaled = score * factor;
    // The engine multiplies by the factor, one rounding; the factor is a root and two divisions, three.
    let softcap = softcap.map(f64::from);
    let capped = softcap.map_or(scaled, |softcap| softcap * builtin::tanh(scaled / softcap));
    // tanh never moves a number farther than its argument was off; it is rounded, and so are the two products around it.
    let capping = if softcap.is_some() { 4.0 * U * capped.abs() + 2.0 * U * scaled.abs() } else { 0.0 };
    let product = check(capped, (*value).into(), U * scaled.abs() + capping + SMALLEST, say::DIVISION_GIVES);
    let check = product.and(check(1.0 / divisor, factor, 3.0 * U / divisor, say::FACTOR_IS_RIGHT));
    let division = |by: String, number: f64| Term {
        cells: vec![format!("÷ {by}"), format!("× {}", fixed(1.0 / number, 4))],
        amount: 0.0,
        is_cell: false,
        origins: Vec::new(),
    };
    let mut terms = vec![operand(say::SCORE, score, score)];
    if is_scaled {
        terms.push(division(format!("√{head_dim} = {}", fixed(root, 3)), root));
    }
    if temperature != 1.0 {
        terms.push(division(say::temperature(temperature), temperature));
    }
    if let Some(softcap) = softcap {
        terms.push(Term {
            cells: vec![say::softcap(softcap), fixed(capped, 3)],
            amount: 0.0,
            is_cell: false,
            origins: Vec::new(),
        });
    }
    let formula = |score: String, width: String, temperature: String| match (is_scaled, temperature.is_empty()) {
        (true, true) => mathml::frac(&score, &mathml::sqrt(&width)),
        (true, false) => {
            mathml::frac(&score, &mathml::row_inner(&[mathml::sqrt(&width), mathml::op("·"), temperature]))
        }
        (false, true) => score,
        (false, false) => mathml::frac(&score, &temperature),
    };
    let mut totals = vec![total(format!("{} ÷ {}", fixed(score, 3), fixed(divisor, 3)), fixed(score / divisor, 3))];
    if let Some(softcap) = softcap {
        totals.push(total(say::capped_at(softcap), fixed(capped, 3)));
    }
    let bent = |scaled: String, cap: &String| match softcap {
        None => scaled,
        Some(_) => mathml::row_inner(&[
            cap.clone(),
            mathml::op("·"),
            mathml::text("tanh"),
            mathml::op("("),
            mathml::frac(&scaled, cap),
            mathml::op(")"),
        ]),
    };
    let if_any = |piece: String| if temperature == 1.0 { String::new() } else { piece };
    Explanation {
        columns: say::OPERAND_COLUMNS.to_vec(),
        terms,
        totals,
        ..leaf(
            query_and_key(say::TO, *cell, context),
            fixed((*value).into(), 3),
            &[
                bent(formula(mathml::id("s"), mathml::id("D"), if_any(mathml::id("T"))), &mathml::id("c")),
                mathml::op("="),
                bent(
                    formula(
                        mathml::num(&fixed(score, 3)),
                        mathml::num(&head_dim.to_string()),
                        if_any(mathml::num(&short(temperature as f32))),
                    ),
                    &mathml::num(&softcap.map_or(String::new(), |softcap| short(softcap as f32))),
                ),
            ],
            check,
            [say_why::becomes(score, (*value).into()), say::why_scaled(head_dim, is_scaled, temperature, softcap)]
                .join(" "),
        )
    }
}

fn may_see(cell: CellRef, context: Context) -> Vec<Span> {
    query_and_key(if context.hides(cell) { say::MAY_NOT_SEE } else { say::MAY_SEE }, cell, context)
}

/// Why this query may or may not see this key.
fn why_visible(cell: CellRef, context: Context) -> String {
    let (setup, own) = (context.setup, own_len(context.keys));
    let hidden_unpainted = !setup.sees_unpainted(cell.row, cell.column, own);
    if hidden_unpainted != context.hides(cell) {
        return say::why_painted(!hidden_unpainted);
    }
    let seen = Lengths { queries: context.tokens.len(), keys: own };
    let why = match setup.mask {
        _ if cell.column >= own => return say::WHY_PADDING.to_owned(),
        _ if setup.paint_at(cell.row, cell.column).is_ok() => say::WHY_PAINTED_ALIKE.to_owned(),
        Window::OPEN if setup.painted_within(seen).next().is_none() => say::WHY_NO_MASK.to_owned(),
        Window::OPEN => say::WHY_NOT_PAINTED.to_owned(),
        window => say::why_window(window, setup.is_cross, [cell.row, cell.column], hidden_unpainted),
    };
    match setup.positions {
        Positions::Alibi if !hidden_unpainted => {
            why + &say::why_distance(cell.row.abs_diff(cell.column), slope(cell, context).into())
        }
        _ => why,
    }
}

/// What a score of this head loses for each place between query and key.
fn slope(cell: CellRef, context: Context) -> f32 {
    alibi_slope(cell.head, context.setup.heads)
}

/// What mask and distance add, as it is written.
fn added(mask: f64) -> String {
    if mask == f64::NEG_INFINITY { "−∞".to_owned() } else { fixed(mask, if mask == 0.0 { 0 } else { 3 }) }
}

/// A masked score, as it is written.
fn masked_score(value: f64) -> String {
    if value == f64::NEG_INFINITY { say::MASKED.to_owned() } else { fixed(value, 3) }
}

fn mask(operands: &Operands, context: Context) -> Explanation {
    let (cell, value) = (operands.cell, operands.value.into());
    leaf(
        may_see(cell, context),
        added(value),
        &[mathml::sub("mask", &format!("{},{}", cell.row, cell.column)), mathml::op("="), mathml::num(&added(value))],
        added_check(value, cell, context),
        why_visible(cell, context),
    )
}

fn masked(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let (scaled, mask) = (first(left), first(right));
    // With nothing but 0 or −∞ to add, nothing is rounded.
    let tolerance = if mask == 0.0 || mask == f64::NEG_INFINITY { 0.0 } else { U * (scaled + mask).abs() };
    let stored = check(scaled + mask, (*value).into(), tolerance, say::SCORE_AND_MASK);
    Explanation {
        columns: say::OPERAND_COLUMNS.to_vec(),
        terms: vec![
            operand(say::SCALED_SCORE, scaled, scaled),
            Term { cells: vec![say::MASK.to_owned(), added(mask)], ..operand("", 0.0, 0.0) },
        ],
        totals: vec![total(say::TOGETHER, masked_score(scaled + mask))],
        ..leaf(
            may_see(*cell, context),
            masked_score((*value).into()),
            &[
                mathml::sub("M", &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::text(say::SCALED_SCORE),
                mathml::op("+"),
                mathml::num(&added(mask)),
            ],
            stored.and(added_check(mask, *cell, context)),
            why_visible(*cell, context),
        )
    }
}

fn row_max(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let max = largest(left);
    let terms = row_terms(left, *cell, context);
    let peak = claim::peak(left, &context.visible(cell.row, left.len()));
    let why = say_why::row_max(&context.word_in_text(Axis::Keys, peak.key), &peak);
    Explanation {
        columns: say::ROW_MAX_COLUMNS.to_vec(),
        totals: vec![total(say::LARGEST, masked_score(max))],
        terms,
        ..leaf(
            query_alone(say::LARGEST_SCORE, *cell, context),
            masked_score((*value).into()),
            &[mathml::under("max", "j"), mathml::sub("m", &format!("{},j", cell.row))],
            check(max, (*value).into(), 0.0, say::IS_LARGEST),
            why,
        )
    }
}

fn shifted(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let (value, m, max) = (f64::from(*value), first(left), first(right));
    let formula = [mathml::id("m"), mathml::op("−"), mathml::text("max")];
    let score = beside(*cell, Tensor::Masked, cell.row, cell.column);
    if context.hides(*cell) {
        // Less than nothing stays that, whatever is taken away: also where the row has no maximum.
        let stored = check(m, value, 0.0, say::DIFFERENCE_GIVES);
        return Explanation {
            totals: vec![total_of(say::MASKED_SCORE, masked_score(m), score)],
            ..leaf(
                may_see(*cell, context),
                masked_score(value),
                &[&formula[..], &[mathml::op("="), mathml::num("−∞")]].concat(),
                stored.and(visibility_check(m, *cell, context)),
                why_visible(*cell, context),
            )
        };
    }
    Explanation {
        columns: say::OPERAND_COLUMNS.to_vec(),
        terms: vec![operand(say::MASKED_SCORE, m, m), operand(say::MINUS_ROW_MAX, -max, -max)],
        totals: vec![total(M_MINUS_MAX, fixed(m - max, 3))],
        ..leaf(
            query_and_key(say::TO, *cell, context),
            fixed(value, 3),
            &formula,
            check(m - max, value, U * (m - max).abs(), say::DIFFERENCE_GIVES),
            say_why::shifted(&context.word_in_text(Axis::Keys, cell.column), max - m),
        )
    }
}

fn exponential(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let (value, x) = (f64::from(*value), first(left));
    let difference = total_of(M_MINUS_MAX, masked_score(x), beside(*cell, Tensor::Shifted, cell.row, cell.column));
    if context.hides(*cell) {
        let stored = check(builtin::exp(x), value, 0.0, say::HIDDEN_IS_ZERO);
        return Explanation {
            totals: vec![difference],
            ..leaf(
                may_see(*cell, context),
                fixed(value, 3),
                &[mathml::sup(&mathml::id("e"), &mathml::num("−∞")), mathml::op("="), mathml::num("0")],
                stored.and(visibility_check(x, *cell, context)),
                why_visible(*cell, context),
            )
        };
    }
    Explanation {
        totals: vec![difference, total(format!("exp({})", fixed(x, 3)), fixed(builtin::exp(x), 6))],
        ..leaf(
            query_and_key(say::TO, *cell, context),
            fixed(value, 3),
            &[
                mathml::sup(&mathml::id("e"), &mathml::num(&fixed(x, 3))),
                mathml::op("="),
                mathml::num(&fixed(builtin::exp(x), 4)),
            ],
            // On either engine the worker makes these with f32::exp, which is good to a unit in the last place.
            check(builtin::exp(x), value, 2.0 * U * builtin::exp(x) + SMALLEST, say::EXP_GIVES),
            say_why::exponential(&context.word_in_text(Axis::Keys, cell.column), -x, builtin::exp(x)),
        )
    }
}

fn exponential_sum(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let terms = row_terms(left, *cell, context);
    let peak = claim::peak(left, &context.visible(cell.row, left.len()));
    let why = say_why::exponential_sum(&context.word_in_text(Axis::Keys, peak.key), &peak, sum(left));
    Explanation {
        columns: say::EXPONENTIAL_COLUMNS.to_vec(),
        are_shares: true,
        totals: vec![total(say::sum_of(terms.len()), fixed(sum(left), 3))],
        terms,
        ..leaf(
            query_alone(say::EXPONENTIALS_TOGETHER, *cell, context),
            fixed((*value).into(), 3),
            &[mathml::under("Σ", "j"), mathml::sub("exp", "j")],
            rounded_sum_check(left, *value),
            why,
        )
    }
}

fn row_sum(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, .. } = operands;
    let terms = row_terms(left, *cell, context);
    let peak = claim::peak(left, &context.visible(cell.row, left.len()));
    let key = context.word_in_text(Axis::Keys, peak.key);
    let is_given = Tensor::Weights.is_given(context.setup);
    let (why, check, decimals) = if is_given {
        let why = say_why::given_row_sum(&key, &peak, sum(left), Whole::of_given(*value, left.len()));
        // What a file has is nobody's fault here.
        (why, rounded_sum_check(left, *value), 6)
    } else {
        (say_why::row_sum(&key, &peak), rounded_sum_check(left, *value).and(row_check(left, *cell, context)), 3)
    };
    Explanation {
        columns: say::SHARE_COLUMNS.to_vec(),
        are_shares: true,
        totals: vec![total(say::sum_of(terms.len()), fixed(sum(left), decimals))],
        terms,
        ..leaf(
            query_alone(say::SHARES_TOGETHER, *cell, context),
            fixed((*value).into(), decimals),
            &[mathml::under("Σ", "j"), mathml::sub("A", &format!("{},j", cell.row))],
            check,
            why,
        )
    }
}

/// The sums beside the softmax are added up in f64 and rounded once.
fn rounded_sum_check(row: &[f32], stored: f32) -> Check {
    check(sum(row), stored.into(), U * sum(row).abs(), say::ADDS_UP)
}

fn softmax(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let max = largest(left);
    let distances: Vec<f64> = left.iter().map(|&m| max - f64::from(m)).collect();
    let exps: Vec<f64> = distances.iter().map(|distance| builtin::exp(-distance)).collect();
    let sum_of_exps: f64 = exps.iter().sum();
    let shares: Vec<f64> = exps.iter().map(|exp| exp / sum_of_exps).collect();
    let of = |tensor, key| beside(*cell, tensor, cell.row, key);
    let term = |key: usize| {
        let cells = vec![
            context.word_in_place(Axis::Keys, key),
            short(left[key]),
            fixed(-distances[key], 2),
            fixed(exps[key], 3),
            fixed(shares[key], 3),
        ];
        let mut origins =
            vec![(1, of(Tensor::Masked, key)), (2, of(Tensor::Shifted, key)), (3, of(Tensor::Exponentials, key))];
        if key != cell.column {
            origins.push((4, of(Tensor::Weights, key)));
        }
        Term { cells, amount: shares[key], is_cell: key == cell.column, origins }
    };
    let mut terms: Vec<Term> = context.visible_keys(cell.row, left.len()).map(term).collect();
    if terms.len() > IN_READING_ORDER {
        // The cell's own share comes first: it must not hide behind "show all".
        sort(&mut terms, |term| if term.is_cell { f64::INFINITY } else { term.amount });
    }
    let (share, exp) = (shares[cell.column], exps[cell.column]);
    let tolerance = share_tolerance(share, distances[cell.column], &distances, &shares);
    let claim = claim::share(*value, left, cell.column, &context.visible(cell.row, left.len()));
    let power =
        |m: String| mathml::sup(&mathml::id("e"), &mathml::row_inner(&[m, mathml::op("−"), mathml::text("max")]));
    let query = row_in_text(*cell, context);
    let [key, best] = [cell.column, claim.best].map(|index| context.word_in_text(Axis::Keys, index));
    let why = say_why::share(&query, &key, &best, &claim);
    Explanation {
        columns: say::SOFTMAX_COLUMNS.to_vec(),
        are_shares: true,
        totals: vec![
            total_of(say::SUM_OF_EXPONENTIALS, fixed(sum_of_exps, 3), of(Tensor::ExponentialSums, 0)),
            total_of(say::SUM_OF_SHARES, fixed(sum(right), 3), of(Tensor::RowSums, 0)),
        ],
        terms,
        ..leaf(
            query_and_key(say::GIVES, *cell, context),
            percent((*value).into()),
            &[
                mathml::sub("A", &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::frac(
                    &power(mathml::id("m")),
                    &mathml::row_inner(&[mathml::under("Σ", "j"), power(mathml::sub("m", "j"))]),
                ),
                mathml::op("="),
                mathml::frac(&mathml::num(&fixed(exp, 3)), &mathml::num(&fixed(sum_of_exps, 3))),
            ],
            check(share, (*value).into(), tolerance, say::SHARE_GIVES).and(row_check(right, *cell, context)),
            why,
        )
    }
}

/// A softmax row of so many terms or fewer stays in the order of the sentence; a longer one begins with the cell's own
/// and the largest.
const IN_READING_ORDER: usize = 8;

/// The weight of a key that may not be seen.
fn hidden_weight(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let masked = left.get(cell.column).copied().map_or(f64::NAN, f64::from);
    let stored = check(0.0, (*value).into(), 0.0, say::HIDDEN_IS_ZERO);
    let score = beside(*cell, Tensor::Masked, cell.row, cell.column);
    Explanation {
        totals: vec![total_of(say::MASKED_SCORE, masked_score(masked), score)],
        ..leaf(
            may_see(*cell, context),
            percent((*value).into()),
            &[mathml::sub("A", &format!("{},{}", cell.row, cell.column)), mathml::op("="), mathml::num("0")],
            stored.and(visibility_check(masked, *cell, context)).and(row_check(right, *cell, context)),
            why_visible(*cell, context),
        )
    }
}

fn mixed(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    // The heads side by side are the mixed values of each.
    let (head, dimension) = match cell.tensor {
        Tensor::Heads => (cell.column / context.head_dim(), cell.column % context.head_dim()),
        _ => (cell.head, cell.column),
    };
    let in_head = CellRef { tensor: Tensor::Mixed, head, row: cell.row, column: dimension };
    if context.setup.heads_off.contains(&head) && cell.tensor == Tensor::Heads {
        return leaf(
            heading(say::HEAD_IS_OFF, [plain(words::head(head))]),
            fixed((*value).into(), 3),
            &[mathml::sub("Z", &format!("{},{}", cell.row, cell.column)), mathml::op("="), mathml::num("0")],
            check(0.0, (*value).into(), 0.0, say::OFF_IS_ZERO),
            say::WHY_HEAD_OFF.to_owned(),
        );
    }
    let (terms, sum) =
        products((in_head, context.setup), left, right, &|key| context.word_in_place(Axis::Keys, key), 3);
    let claim = claim::mix(left, right, &context.visible(cell.row, left.len()));
    let why = say_why::mixed(&row_in_text(*cell, context), &context.word_in_place(Axis::Keys, claim.most), &claim);
    let mut totals = vec![total(say::sum_of(terms.len()), fixed(sum, 3))];
    if cell.tensor == Tensor::Heads {
        totals.push(total_of(say::same_in_head(&words::head(head)), fixed((*value).into(), 3), in_head));
    }
    let pieces = [
        plain(row_in_place(*cell, context)),
        of(Role::Value, say::THE_VALUES),
        plain(words::head(head)),
        plain(dimension.to_string()),
    ];
    Explanation {
        columns: say::MIX_COLUMNS.to_vec(),
        totals,
        terms,
        ..leaf(
            heading(say::TAKES, pieces),
            fixed((*value).into(), 3),
            &[
                mathml::sub("Z", &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::sum("j", left.len()),
                mathml::sub("A", &format!("{},j", cell.row)),
                mathml::op("·"),
                mathml::sub("v", &format!("j,{dimension}")),
            ],
            check(sum, (*value).into(), product_tolerance(left, right), say::ADDS_UP),
            why,
        )
    }
}

fn output(operands: &Operands, context: Context) -> Explanation {
    let Operands { cell, value, left, right, .. } = operands;
    let head_dim = context.head_dim();
    let width = context.setup.width;
    let label = |i| if i < width { format!("{} · {i}", i / head_dim + 1) } else { say::BIAS.to_owned() };
    let (terms, sum) = products((*cell, context.setup), left, right, &label, 3);
    let balance = claim::balance(*value, left, right);
    let why = say_why::output(&row_in_text(*cell, context), cell.column, &label, &balance);
    let pieces = [of(Role::Output, row_in_place(*cell, context)), plain(cell.column.to_string())];
    Explanation {
        columns: say::OUTPUT_COLUMNS.to_vec(),
        totals: vec![total(say::sum_of(terms.len()), fixed(sum, 3))],
        terms,
        ..leaf(
            heading(say::AT_DIMENSION_OF_OUTPUT, pieces),
            fixed((*value).into(), 3),
            &[
                mathml::sub("Y", &format!("{},{}", cell.row, cell.column)),
                mathml::op("="),
                mathml::sum("i", width),
                mathml::sub("z", "i"),
                mathml::op("·"),
                mathml::sub("w", &format!("i,{}", cell.column)),
                bias(left.len() > width, cell.column),
            ],
            check(sum, (*value).into(), product_tolerance(left, right), say::ADDS_UP),
            why,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_were_hidden_are_counted() {
        let lengths = Lengths { queries: 5, keys: 4 };
        let masks = [Window::OPEN, Window::CAUSAL, Window { left: Some(1), right: Some(1) }];
        let paint = [
            vec![],
            [(0, 0, false), (1, 3, true), (3, 1, false), (4, 3, true)].map(Paint::from).to_vec(),
            [(0, 4, false), (1, 3, false), (2, 1, true), (7, 0, false)].map(Paint::from).to_vec(),
        ];
        let setups: Vec<Setup> = masks
            .into_iter()
            .flat_map(|mask| paint.clone().map(|painted| Setup { mask, painted, ..Setup::default() }))
            .collect();
        for (before, now) in setups.iter().flat_map(|before| setups.iter().map(move |now| (before, now))) {
            let pairs = (0..5).flat_map(|query| (0..4).map(move |key| (query, key)));
            let hidden = pairs.filter(|&(query, key)| before.sees(query, key, 4) && !now.sees(query, key, 4)).count();
            assert_eq!(hidden_since(before, now, lengths), hidden, "{before:?} {now:?}");
        }
    }
}
