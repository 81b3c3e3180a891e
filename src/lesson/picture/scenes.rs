//! What each step shows, at every position in it.

use super::{
    super::{
        Projection, Session, Step,
        explain::role_of,
        number::{fixed, short},
        scene::{self, Data, head_of},
        theme::Colors,
        timeline::{self, Product, SoftmaxPart, product, softmax_part, wave},
        words,
    },
    View,
    panel::{Item, Panel, Scale, Scene, Shown, Size, blend, operator},
};
use crate::figure::Cell;
use crate::protocol::{CellRef, Matrix, Tensor};

/// A product's result as it is being built.
fn building<'a>(
    result: &'a Matrix,
    scale: Scale,
    position: f64,
    terms: &[f64],
    colors: Colors,
) -> (impl Fn(usize, usize) -> Shown + 'a, Product) {
    let progress = product(position, result.shown_rows, result.shown_columns, terms.len());
    let partial = terms[..progress.terms].iter().sum::<f64>() as f32;
    let shown = move |row: usize, column: usize| {
        let index = row * result.shown_columns + column;
        if index < progress.done {
            Shown::value(scale, result.values[index])
        } else if index == progress.done && progress.terms > 0 {
            Shown::value(scale, partial)
        } else {
            Shown::nothing(&colors)
        }
    };
    (shown, progress)
}

/// A product in the making: what it says of itself.
struct Making {
    ticker: Option<String>,
    caption: String,
    /// The cell being made, while there is one: row and column.
    cell: Option<(usize, usize)>,
    /// The term that it is at.
    term: Option<usize>,
}

fn making(progress: Product, terms: &[f64], operands: impl Fn(usize) -> (f32, f32), result: &Matrix) -> Making {
    let rows = result.rows;
    let all = result.shown_rows * result.shown_columns;
    let whole = result.is_whole();
    let term = progress.terms.checked_sub(1);
    let ticker = term.map(|last| {
        let (left, right) = operands(last);
        let sum: f64 = terms[..progress.terms].iter().sum();
        words::ticker(&short(left), &short(right), &fixed(terms[last], 3), &fixed(sum, 3))
    });
    let caption = if progress.terms > 0 {
        words::term_of(progress.terms, terms.len())
    } else if whole {
        words::cell_of(progress.done, all)
    } else {
        words::row_of(progress.done * rows / all, rows)
    };
    let at = (progress.done / result.shown_columns, progress.done % result.shown_columns);
    Making { ticker, caption, cell: (whole && progress.done < all).then_some(at), term }
}

/// The terms of a product's first cell, `all` of them, and how to look them up, where the operands came in full.
fn first_terms(
    left: &Matrix,
    right: &Matrix,
    right_transposed: bool,
    all: usize,
) -> (Vec<f64>, impl Fn(usize) -> (f32, f32)) {
    let count = if left.is_whole() && right.is_whole() && left.columns == all { left.columns } else { 0 };
    let pairs: Vec<(f32, f32)> = (0..count)
        .map(|i| (left.values[i], if right_transposed { right.values[i] } else { right.values[i * right.columns] }))
        .collect();
    let terms = pairs.iter().map(|&(l, r)| f64::from(l) * f64::from(r)).collect();
    (terms, move |i: usize| pairs[i])
}

/// What a step shows. `None` while a matrix that it needs has not come yet.
pub(super) fn scene<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let (head, projection) = (session.head, session.projection);
    let position = session.shown_position();
    let matrix = |tensor| data.on_stage(tensor, head);
    let colors = view.colors;
    let panel = |tensor, size| Some(Panel::new(tensor, head, matrix(tensor)?, size, &colors));
    let result_tensor = scene::result(session.step, projection, &data.setup);
    let of = |tensor| scene::of_projection(tensor, projection, &data.setup);
    let result = matrix(result_tensor)?;
    let result_scale = Scale::of(result_tensor, result, &colors);
    let cell_of = |tensor: Tensor, (row, column): (usize, usize)| {
        let (row, column) = (result.first_row + row, result.first_column + column);
        CellRef { tensor, head: head_of(tensor, head), row, column }
    };
    // While a cell is being made, its origin is lit, unless a person looks at another; afterwards, that of the cell in
    // focus.
    let scene = |rows, making: Making, masked| {
        let made = making.cell.map(|cell| cell_of(result_tensor, cell));
        let focus = if view.chosen { view.focus } else { made.or(view.focus) };
        Scene {
            rows,
            legend: (result_tensor, result_scale),
            masked,
            focus,
            term: making.term.filter(|_| focus == made),
            ticker: Some(making.ticker.unwrap_or_default()),
            caption: making.caption,
        }
    };
    match session.step {
        Step::Tokens => None,
        Step::Embed => {
            let size = Size::flat((view.width, 96.0), (14.0, 13.0));
            let (words, positions) = (matrix(of(Tensor::WordEmbeddings))?, matrix(of(Tensor::Positions))?);
            // One colour scale for all three, so that the colours add up as the numbers do.
            let scale = Scale::common(result_tensor, result, &[words, positions], &colors);
            let plain = |tensor| Some(panel(tensor, size)?.labels(true, false).on(scale));
            let built = plain(result_tensor)?.showing(move |row, column| {
                let value = result.values[row * result.shown_columns + column];
                let local = wave(position, row, result.shown_rows) as f32;
                if local <= 0.0 { Shown::nothing(&colors) } else { Shown::value(scale, value * local) }
            });
            Some(Scene {
                rows: vec![
                    // Without a sign, but in line with those that have one.
                    vec![operator(""), Item::Panel(plain(of(Tensor::WordEmbeddings))?)],
                    vec![operator("+"), Item::Panel(plain(of(Tensor::Positions))?)],
                    vec![operator("="), Item::Panel(built)],
                ],
                legend: (result_tensor, scale),
                masked: false,
                ticker: None,
                caption: words::token_of(timeline::tokens(position, result.rows), result.rows),
                focus: view.focus,
                term: None,
            })
        }
        Step::Project => {
            let (input, weights) = (matrix(of(Tensor::Input))?, matrix(scene::projection_weights(projection))?);
            let (terms, operands) = first_terms(input, weights, false, data.setup.width);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let mut built = Some(
                Panel::new(result_tensor, head, result, Size::flat((230.0, 150.0), (26.0, 20.0)), &colors)
                    .showing(shown),
            );
            let mut results = vec![operator("=")];
            for which in Projection::ALL {
                let tensor = scene::projected(which);
                let mut shown = if which == projection {
                    built.take()?
                } else {
                    panel(tensor, Size::flat((230.0, 150.0), (26.0, 20.0)))?
                };
                shown.row_labels = which == Projection::Queries;
                shown.chosen = (which == projection).then(|| colors.role(role_of(tensor)));
                results.push(Item::Panel(shown));
            }
            let input = panel(of(Tensor::Input), Size::flat((420.0, 128.0), (12.0, 20.0)))?.labels(true, false);
            let weights = panel(scene::projection_weights(projection), Size::flat((180.0, 128.0), (12.0, 12.0)))?;
            Some(scene(vec![vec![Item::Panel(input), operator("·"), Item::Panel(weights)], results], making, false))
        }
        Step::Scores => {
            let (queries, keys) = (matrix(Tensor::Queries)?, matrix(Tensor::Keys)?);
            let (terms, operands) = first_terms(queries, keys, true, data.setup.width / data.setup.heads);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let row = vec![
                Item::Panel(panel(Tensor::Queries, Size::flat((150.0, 320.0), (12.0, 26.0)))?.labels(true, false)),
                operator("·"),
                Item::Panel(
                    panel(Tensor::Keys, Size::flat((160.0, 150.0), (26.0, 12.0)))?.transposed().labels(false, true),
                ),
                operator("="),
                Item::Panel(
                    Panel::new(result_tensor, head, result, Size::square(48.0, view), &colors)
                        .labels(true, true)
                        .showing(shown),
                ),
            ];
            Some(scene(vec![row], making, false))
        }
        Step::Scale => {
            let before = matrix(Tensor::Scores)?;
            // One colour scale for both, so that the same colour is the same number.
            let scale = Scale::common(result_tensor, result, &[before], &colors);
            let morphing = move |row: usize, column: usize| {
                let index = row * result.shown_columns + column;
                let t = wave(position, row, result.shown_rows) as f32;
                let (from, to) = (before.values[index], result.values[index]);
                Shown { number: at_rest(from, to, t), ..Shown::value(scale, lerp(from, to, t)) }
            };
            let row = vec![
                Item::Panel(panel(Tensor::Scores, Size::square(44.0, view))?.labels(true, true).on(scale)),
                Item::Operator(words::scale_operator(&data.setup)),
                Item::Panel(
                    panel(Tensor::Scaled, Size::square(44.0, view))?.labels(true, true).on(scale).showing(morphing),
                ),
            ];
            Some(Scene {
                rows: vec![row],
                legend: (Tensor::Scaled, scale),
                masked: false,
                ticker: None,
                caption: words::row_of(rows_reached(position, result.rows), result.rows),
                focus: view.focus,
                term: None,
            })
        }
        Step::Mask => {
            let (before, mask) = (matrix(Tensor::Scaled)?, matrix(Tensor::Mask)?);
            let scale = Scale::common(result_tensor, result, &[before], &colors);
            let mask_shown = move |row: usize, column: usize| {
                let hidden = mask.values[row * mask.shown_columns + column] == f32::NEG_INFINITY;
                let cell = if hidden { Cell::Masked } else { Cell::Color(blend(colors.panel, colors.chip, 0.6)) };
                Shown { cell, number: (!hidden).then_some(0.0) }
            };
            let masking = move |row: usize, column: usize| {
                let index = row * result.shown_columns + column;
                let masked_yet = wave(position, row, result.shown_rows) >= 1.0;
                Shown::value(scale, if masked_yet { result.values[index] } else { before.values[index] })
            };
            let mut mask_panel = panel(Tensor::Mask, Size::square(34.0, view))?.labels(false, true).showing(mask_shown);
            mask_panel.decimals = Some(0);
            mask_panel.scale = None;
            let row = vec![
                Item::Panel(panel(Tensor::Scaled, Size::square(34.0, view))?.labels(true, true)),
                operator("+"),
                Item::Panel(mask_panel),
                operator("="),
                Item::Panel(
                    panel(Tensor::Masked, Size::square(34.0, view))?.labels(false, true).on(scale).showing(masking),
                ),
            ];
            Some(Scene {
                rows: vec![row],
                legend: (Tensor::Masked, scale),
                masked: mask.values.contains(&f32::NEG_INFINITY),
                ticker: None,
                caption: words::row_of(rows_reached(position, result.rows), result.rows),
                focus: view.focus,
                term: None,
            })
        }
        Step::Softmax => softmax(session, data, view),
        Step::Mix => {
            let (weights, values) = (matrix(Tensor::Weights)?, matrix(Tensor::Values)?);
            let (terms, operands) = first_terms(weights, values, false, data.lengths().keys);
            // A hidden key's weight is 0, and so is its term.
            let terms: Vec<f64> = terms.into_iter().map(|term| if term.is_finite() { term } else { 0.0 }).collect();
            let operands = move |i| {
                let (weight, value) = operands(i);
                (weight.max(0.0), value)
            };
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let masked = weights.values.contains(&f32::NEG_INFINITY);
            let row = vec![
                Item::Panel(panel(Tensor::Weights, Size::square(34.0, view))?.labels(true, true)),
                operator("·"),
                Item::Panel(panel(Tensor::Values, Size::flat((160.0, view.matrix_height), (14.0, 34.0)))?.level()),
                operator("="),
                Item::Panel(
                    Panel::new(
                        result_tensor,
                        head,
                        result,
                        Size::flat((224.0, view.matrix_height), (28.0, 34.0)),
                        &colors,
                    )
                    .labels(true, false)
                    .level()
                    .showing(shown),
                ),
            ];
            Some(scene(vec![row], making, masked))
        }
        Step::Output => {
            let (heads, weights) = (matrix(Tensor::Heads)?, matrix(Tensor::OutputWeights)?);
            let (terms, operands) = first_terms(heads, weights, false, data.setup.width);
            let (shown, progress) = building(result, result_scale, position, &terms, colors);
            let making = making(progress, &terms, operands, result);
            let mut joined = panel(Tensor::Heads, Size::flat((384.0, 128.0), (12.0, 20.0)))?.labels(true, false);
            joined.heads = Some(data.setup.heads);
            let weights = panel(Tensor::OutputWeights, Size::flat((128.0, 128.0), (12.0, 12.0)))?;
            let built = Panel::new(result_tensor, head, result, Size::flat((view.width, 150.0), (14.0, 20.0)), &colors)
                .labels(true, false)
                .showing(shown);
            let rows = vec![
                vec![Item::Panel(joined), operator("·"), Item::Panel(weights)],
                vec![operator("="), Item::Panel(built)],
            ];
            Some(scene(rows, making, false))
        }
    }
}

/// Down to which row a change has come.
fn rows_reached(position: f64, rows: usize) -> usize {
    (0..rows).filter(|&row| wave(position, row, rows) > 0.0).count().max(1)
}

/// The number of a value on its way from one stored number to another: none while it is on the way, because nothing
/// calculated what lies between.
fn at_rest(from: f32, to: f32, t: f32) -> Option<f32> {
    match t {
        0.0 => Some(from),
        1.0 => Some(to),
        _ => None,
    }
}

fn lerp(from: f32, to: f32, t: f32) -> f32 {
    if to == f32::NEG_INFINITY { to } else { from + (to - from) * t }
}

/// The softmax, in its four parts: the third panel goes from scores to shares in place.
fn softmax<'a>(session: &Session, data: &'a Data, view: &View) -> Option<Scene<'a>> {
    let head = session.head;
    let (part, local) = softmax_part(session.shown_position());
    let matrix = |tensor| data.on_stage(tensor, head);
    let (masked, max) = (matrix(Tensor::Masked)?, matrix(Tensor::RowMax)?);
    let (shifted, exps, weights) = (matrix(Tensor::Shifted)?, matrix(Tensor::Exponentials)?, matrix(Tensor::Weights)?);
    let (exp_sums, row_sums) = (matrix(Tensor::ExponentialSums)?, matrix(Tensor::RowSums)?);
    let colors = view.colors;
    let rows = masked.shown_rows;
    let scores = Scale::common(Tensor::Shifted, shifted, &[masked], &colors);
    let max_scale = Scale::common(Tensor::Masked, masked, &[shifted], &colors);
    let shares = Scale::of(Tensor::Weights, weights, &colors);
    let exponentials = Scale::of(Tensor::Exponentials, exps, &colors);

    let values =
        |matrix: &'a Matrix| move |row: usize, column: usize| matrix.values[row * matrix.shown_columns + column];
    // Where a row is in this part, 0 to 1.
    let at = move |row: usize| wave(local, row, rows) as f32;
    // Between two matrices on two colour scales, number and colour move together.
    let between = move |from: f32, from_scale: Scale, to: f32, to_scale: Scale, t: f32| {
        if to == f32::NEG_INFINITY {
            return Shown::value(to_scale, to);
        }
        let color = blend(from_scale.color(from), to_scale.color(to), t);
        Shown { cell: Cell::Color(color), number: at_rest(from, to, t) }
    };
    let (tensor, scale) = match part {
        SoftmaxPart::RowMax | SoftmaxPart::Subtract => (Tensor::Shifted, scores),
        SoftmaxPart::Exp => (Tensor::Exponentials, exponentials),
        SoftmaxPart::Divide => (Tensor::Weights, shares),
    };
    let (m, s, e, a) = (values(masked), values(shifted), values(exps), values(weights));
    let changing = move |row: usize, column: usize| match part {
        SoftmaxPart::RowMax => Shown::nothing(&colors),
        SoftmaxPart::Subtract => between(m(row, column), max_scale, s(row, column), scores, at(row)),
        SoftmaxPart::Exp => between(s(row, column), scores, e(row, column), exponentials, at(row)),
        SoftmaxPart::Divide => between(e(row, column), exponentials, a(row, column), shares, at(row)),
    };
    let max_of = values(max);
    let max_shown = move |row: usize, column: usize| {
        if part == SoftmaxPart::RowMax && at(row) < 1.0 {
            return Shown::nothing(&colors);
        }
        Shown::value(max_scale, max_of(row, column))
    };
    let (exp_sum, row_sum) = (values(exp_sums), values(row_sums));
    let sum_tensor = if part == SoftmaxPart::Divide { Tensor::RowSums } else { Tensor::ExponentialSums };
    let sum_shown = move |row: usize, column: usize| {
        let number = match part {
            SoftmaxPart::RowMax | SoftmaxPart::Subtract => None,
            SoftmaxPart::Exp => (at(row) >= 1.0).then(|| exp_sum(row, column)),
            SoftmaxPart::Divide => at_rest(exp_sum(row, column), row_sum(row, column), at(row)),
        };
        Shown { cell: Cell::Color(colors.panel), number }
    };

    let cell = if view.width < 560.0 { 36.0 } else { 40.0 };
    let size = Size::square(cell, view);
    let narrow = Size::flat((46.0, view.matrix_height), (46.0, cell));
    let max_panel = Panel::new(Tensor::RowMax, head, max, narrow, &colors).beside().showing(max_shown);
    let mut sum_panel =
        Panel::new(sum_tensor, head, if sum_tensor == Tensor::RowSums { row_sums } else { exp_sums }, narrow, &colors)
            .beside()
            .showing(sum_shown);
    // There is nothing to sum up yet.
    sum_panel.titled = part >= SoftmaxPart::Exp;
    sum_panel.decimals = Some(3);
    sum_panel.sums_to_one = part == SoftmaxPart::Divide;
    let current = match tensor {
        Tensor::Shifted => shifted,
        Tensor::Exponentials => exps,
        _ => weights,
    };
    let row = vec![
        Item::Panel(Panel::new(Tensor::Masked, head, masked, size, &colors).labels(true, true).on(max_scale)),
        Item::Panel(max_panel),
        operator("→"),
        Item::Panel(Panel::new(tensor, head, current, size, &colors).labels(true, true).on(scale).showing(changing)),
        Item::Panel(sum_panel),
    ];
    Some(Scene {
        rows: vec![row],
        legend: (tensor, scale),
        masked: masked.values.contains(&f32::NEG_INFINITY),
        ticker: None,
        caption: words::softmax_part(part).to_owned(),
        focus: view.focus,
        term: None,
    })
}
